"""What kind of traffic a request is: standard SIP, Microsoft audio/video, Microsoft sharing, Microsoft IM and presence.

Expressway documents the four classes but not how it tells them apart, so everything here that decides is a table.
The Cisco node's own IM and presence counts as Microsoft IM&P: the rules in Cisco's "Chat and Presence Federation Using
Expressway" need that. Hence method, Event and SDP come before any marker of a Microsoft product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.model import Traffic
from sipedge.sip.message import Message
from sipedge.sip.values import parse_address, split_parameters

IMP_METHODS = frozenset({"MESSAGE", "BENOTIFY", "SERVICE"})
"""Always IM and presence: pager and session messages, and two methods that only Microsoft has."""

EVENT_METHODS = frozenset({"SUBSCRIBE", "NOTIFY", "PUBLISH"})
IMP_EVENT_PREFIXES = ("presence", "vnd-microsoft-", "registration-notify", "conference-invite")
"""Event packages of IM and presence; ``presence`` covers ``presence.winfo`` and ``presence.wpending``."""

IMP_INFO_TYPES = frozenset({"application/im-iscomposing+xml", "application/ms-imdn+xml"})
TYPING_MARK = b"<KeyboardActivity"
"""Lync's typing notification: INFO with application/xml holding this element."""

OPTIONS_OF_MICROSOFT = Traffic.MICROSOFT_IMP
"""Test-CsFederatedPartner probes the IM and presence federation, so its OPTIONS follows those rules."""

SDP_MEDIA: dict[str, Traffic] = {
    "message": Traffic.MICROSOFT_IMP,
    "x-ms-message": Traffic.MICROSOFT_IMP,
    "applicationsharing": Traffic.MICROSOFT_SHARE,
    "data": Traffic.MICROSOFT_SHARE,
}
"""m= lines that decide alone. The first matching class in SDP_ORDER wins when an offer has several."""
SDP_ORDER = (Traffic.MICROSOFT_IMP, Traffic.MICROSOFT_SHARE, Traffic.MICROSOFT_AV)
STANDARD_MESSAGE_PROTOCOLS = ("tcp/msrp", "tcp/tls/msrp")
"""m=message over MSRP (RFC 4975) is standard SIP; Microsoft writes ``m=message 5060 sip null``."""

SDP_SHARE_MARKS = (b"a=x-applicationsharing", b"a=label:applicationsharing", b" msdata")
SDP_AV_MARKS = (
    b"x-msrta",
    b"x-rtvc1",
    b"x-h264uc",
    b"a=x-caps",
    b"a=x-devicecaps",
    b"a=label:main-audio",
    b"x-ulpfecuc",
)

USER_AGENT_MARKS = ("uccapi/", "oc/", "rtc/", "rtcc/", "lcc/", "windows rtc", "microsoft lync", "skype for business")
OPTION_TAG_PREFIXES = ("ms-", "msrtc-", "com.microsoft.")

MAX_PARTS = 32
MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Classification:
    """The class and, in a few words, what decided it."""

    traffic: Traffic
    evidence: str


_MESSAGE = {method: Classification(Traffic.MICROSOFT_IMP, f"method {method}") for method in IMP_METHODS}
_STANDARD = Classification(Traffic.STANDARD, "no mark of Microsoft or of IM and presence")


def classify_method(method: str, event: str = "") -> Classification:
    """What can be said when only the method (and Event) is known."""
    method = method.upper()
    if method in IMP_METHODS:
        return _MESSAGE[method]
    if method in EVENT_METHODS and event.lower().startswith(IMP_EVENT_PREFIXES):
        return Classification(Traffic.MICROSOFT_IMP, f"{method} with Event {event}")
    return _STANDARD


def classify(message: Message) -> Classification:
    """The class of a request, from this one message."""
    method = message.method
    if method in IMP_METHODS:
        return _MESSAGE[method]
    if method in EVENT_METHODS:
        event = (message.first("event") or "").partition(";")[0].strip()
        found = classify_method(method, event)
        return found if found is not _STANDARD else _by_marker(message, Traffic.MICROSOFT_IMP)
    if method == "INFO":
        return _info(message)
    if method == "OPTIONS":
        return _by_marker(message, OPTIONS_OF_MICROSOFT)
    if message.body:
        by_sdp = _by_sdp(message)
        if by_sdp is not None:
            return by_sdp
    if method == "INVITE" and "ms-text-format" in message.index:
        return Classification(Traffic.MICROSOFT_IMP, "header Ms-Text-Format")
    return _by_marker(message, Traffic.MICROSOFT_AV)


def _info(message: Message) -> Classification:
    content_type = media_type(message)
    if content_type in IMP_INFO_TYPES:
        return Classification(Traffic.MICROSOFT_IMP, f"INFO with {content_type}")
    if TYPING_MARK in message.body:
        return Classification(Traffic.MICROSOFT_IMP, "INFO with KeyboardActivity")
    return _by_marker(message, Traffic.MICROSOFT_AV)


def _by_marker(message: Message, traffic: Traffic) -> Classification:
    mark = microsoft_mark(message)
    return Classification(traffic, mark) if mark else _STANDARD


def microsoft_mark(message: Message) -> str:
    """The first sign that a Microsoft product wrote or handled the message; '' when there is none."""
    for header in ("user-agent", "server"):
        value = message.first(header) or ""
        if value.lower().startswith(USER_AGENT_MARKS) or "(microsoft lync" in value.lower():
            return f"header {header.title()}: {value[:60]}"
    for name in message.index:
        if name.startswith("ms-"):
            return f"header {name}"
    for header in ("from", "to"):
        if parse_address(message.first(header) or "").parameter("epid") is not None:
            return f"epid in {header.title()}"
    contact = (message.first("contact") or "").lower()
    if ";gruu" in contact and "opaque=" in contact:
        return "Contact with opaque and gruu"
    for header in ("supported", "proxy-require", "require"):
        for tag in message.items(header):
            if tag.lower().startswith(OPTION_TAG_PREFIXES):
                return f"option tag {tag}"
    if any("ms-received-" in value for value in message.values("via")):
        return "Via with ms-received"
    return ""


# --------------------------------------------------------------------------------------------------------------- SDP


def _by_sdp(message: Message) -> Classification | None:
    """The class that the m= lines of all SDP parts give; None when there is no SDP or only plain audio and video."""
    found: dict[Traffic, str] = {}
    plain = ""
    for sdp in sdp_parts(message):
        lowered = sdp.lower()
        for mark in SDP_SHARE_MARKS:
            if mark in lowered:
                found.setdefault(Traffic.MICROSOFT_SHARE, f"SDP {mark.decode().strip()}")
        for line in lowered.splitlines():
            if line.startswith(b"m="):
                plain = _media_line(line.decode("utf-8", "replace"), found) or plain
        for mark in SDP_AV_MARKS:
            if mark in lowered:
                found.setdefault(Traffic.MICROSOFT_AV, f"SDP {mark.decode()}")
    for traffic in SDP_ORDER:
        if traffic in found:
            return Classification(traffic, found[traffic])
    if plain and not microsoft_mark(message):
        return Classification(Traffic.STANDARD, f"SDP {plain} without a mark of Microsoft")
    return None


def _media_line(line: str, found: dict[Traffic, str]) -> str:
    """Note what an ``m=`` line says; returns the line when it decides nothing."""
    media, _, rest = line[2:].partition(" ")
    traffic = SDP_MEDIA.get(media.strip())
    if traffic is None or (media == "message" and any(name in rest for name in STANDARD_MESSAGE_PROTOCOLS)):
        return line[:40]
    found.setdefault(traffic, f"SDP {line[:40]}")
    return ""


def media_type(message: Message) -> str:
    return (message.first("content-type") or "").partition(";")[0].strip().lower()


def sdp_parts(message: Message) -> Iterator[bytes]:
    """Every application/sdp body of a message, multipart bodies included (RFC 5621), bounded in number and depth."""
    budget = [MAX_PARTS]
    yield from _sdp_in(message.first("content-type") or "", message.body, MAX_DEPTH, budget)


def _sdp_in(content_type: str, body: bytes, depth: int, budget: list[int]) -> Iterator[bytes]:
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind == "application/sdp":
        yield body
    if not kind.startswith("multipart/") or depth == 0:
        return
    boundary = next((value or "" for name, value in split_parameters(parameters) if name == "boundary"), "").strip('"')
    if not boundary:
        return
    for part in body.split(b"--" + boundary.encode("utf-8", "surrogateescape"))[1:]:
        budget[0] -= 1
        if budget[0] < 0 or part.startswith(b"--"):
            return
        head, _, content = part.partition(b"\r\n\r\n")
        yield from _sdp_in(_part_type(head), content, depth - 1, budget)


def _part_type(head: bytes) -> str:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-type", b"c"):
            return value.strip().decode("utf-8", "surrogateescape")
    return ""
