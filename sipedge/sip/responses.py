"""Responses that the edge makes itself (RFC 3261 8.2.6, 16.7), as complete bytes."""

from __future__ import annotations

import re
from contextlib import suppress

from .edits import Edits
from .message import COMMA, Message, canonical_name
from .values import MessageError, first_item, parse_via
from .via import stamped_via

REASONS: dict[int, str] = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    440: "Max-Breadth Exceeded",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    487: "Request Terminated",
    500: "Server Internal Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
}

COPIED = ("from", "to", "call-id", "cseq")

ALLOW = (
    "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, SUBSCRIBE, NOTIFY, BENOTIFY, "
    "SERVICE, PUBLISH, REFER, UPDATE, PRACK"
)


def response(
    request: Message,
    status: int,
    *,
    tag: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    source: tuple[str, int] | None = None,
) -> bytes:
    """A response without a body. ``tag`` goes into To where the request had none and the status is not 100.

    ``source``: the address the request came from, for ``received`` in its topmost Via.
    """
    lines = [f"SIP/2.0 {status} {REASONS.get(status, 'Unknown')}".encode()]
    vias = [request.lines[number] for number in request.index.get("via", ())]
    if source is not None and vias:
        with suppress(MessageError):  # a Via that cannot be read goes back as it came
            vias[0] = stamped_via(request, source) or vias[0]
    lines += vias
    for name in COPIED:
        for number in request.index.get(name, ())[:1]:
            line = request.lines[number]
            if name == "to" and tag and status != 100 and not _has_tag(request):
                line += b";tag=" + tag.encode()
            lines.append(line)
    if status == 100:  # RFC 3261 8.2.6.1
        lines += [request.lines[number] for number in request.index.get("timestamp", ())[:1]]
    lines += [f"{name}: {value}".encode("utf-8", "surrogateescape") for name, value in headers]
    lines.append(b"Content-Length: 0")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _has_tag(request: Message) -> bool:
    return bool(request.to_tag)


def response_to_bytes(head: bytes, status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    """A response to what could not be parsed, from whatever Via, From, To, Call-ID and CSeq lines it has.

    b"" where it has no Via to answer by, or was itself a response, an ACK or a BENOTIFY.
    """
    lines = head.split(b"\r\n")
    if lines[0][:4].upper() == b"SIP/" or lines[0].partition(b" ")[0] in (b"ACK", b"BENOTIFY"):
        return b""
    found: dict[str, list[bytes]] = {}
    for line in lines[1:]:
        with suppress(MessageError):
            found.setdefault(canonical_name(line.partition(b":")[0]), []).append(line)
    if not all(name in found for name in ("via", *COPIED)):
        return b""
    answer = [f"SIP/2.0 {status} {REASONS.get(status, 'Unknown')}".encode(), *found["via"]]
    answer += [found[name][0] for name in COPIED]
    answer += [f"{name}: {value}".encode() for name, value in headers]
    return b"\r\n".join((*answer, b"Content-Length: 0")) + b"\r\n\r\n"


def branch_of_response(head: bytes) -> str:
    """The branch in the topmost Via of a final response that could not be parsed; '' for anything else."""
    is_final = re.match(rb"SIP/2\.0 [2-6]\d\d(?: |\r|$)", head, re.IGNORECASE)
    return _branch(head) if is_final else ""


def branch_of_request(head: bytes) -> str:
    """The branch in the topmost Via of a request that the edge has made; '' for ACK, CANCEL and anything else."""
    return "" if head.startswith((b"SIP/2.0 ", b"ACK ", b"CANCEL ")) else _branch(head)


def _branch(head: bytes) -> str:
    for line in head.split(b"\r\n")[1:]:
        with suppress(MessageError):
            name, _, value = line.partition(b":")
            if canonical_name(name) == "via":
                return parse_via(first_item(value.strip().decode("utf-8", "surrogateescape"))).branch
    return ""


def warning(agent: str, text: str) -> tuple[str, str]:
    """``Warning: 399 host:port "text"`` (RFC 3261 20.43), the text without quotes and control characters."""
    clean = "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in text)
    return "Warning", f'399 {agent} "{clean}"'


def without_top_via(message: Message) -> bytes:
    """A response as it goes upstream: the topmost Via value taken off, nothing else touched (RFC 3261 16.7 step 3)."""
    line = message.lines[message.index["via"][0]]
    if COMMA not in line:  # the whole line goes, and it is the first one that reads so
        return message.head.replace(b"\r\n" + line + b"\r\n", b"\r\n", 1) + message.body
    edits = Edits(message)
    edits.remove_first_items(message.index["via"][0])
    return edits.head() + message.body
