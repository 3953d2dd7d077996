"""RFC 3261 16.6: the edits that turn a received request into the one that is forwarded. Nothing else changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sipedge.decision.routing import RouteInformation
from sipedge.sip.edits import Edits
from sipedge.sip.message import Message
from sipedge.sip.values import split_commas
from sipedge.sip.via import stamped_via
from zones.authentication import Identity
from zones.zone import Zone

TRUST_HEADERS = ("ms-edge-proxy-message-trust", "ms-asserted-verification-level")
"""Only the inner Microsoft server may add them (MS-SIPRE 2.2.15)."""
ASSERTED_IDENTITY = "p-asserted-identity"
IDENTITY_HEADERS = (
    "p-preferred-identity",  # RFC 3325 9.2
    "p-served-user",  # RFC 5502
    "remote-party-id",  # believed by Cisco's nodes
    "diversion",  # RFC 5806
    "cc-diversion",
    *TRUST_HEADERS,
)
"""Who somebody is said to be, beside From and P-Asserted-Identity: believed from trusted zones only."""

DEFAULT_MAX_FORWARDS = 70


@dataclass(slots=True)
class Changes:
    """What differs from the received request, target by target."""

    via: bytes
    """The edge's own Via line."""
    record_routes: tuple[bytes, ...] = ()
    """Record-Route lines, outgoing side first (RFC 5658)."""
    request_uri: bytes | None = None
    """The new Request-URI, None to leave it."""
    hop_count: int = 15
    max_breadth: int | None = None
    """The share of this target (RFC 5393 5.3.3); None to leave it."""
    asserted_identity: Identity = Identity.KEEP
    own_identity: bytes = b""
    """The value to insert with Identity.INSERT."""
    removed: tuple[int, ...] = ()
    """Lines of headers that are not believed from where the request comes (``unbelieved``)."""
    proxy_require_strip: tuple[str, ...] = ()


def forwarded_head(
    message: Message, routes: RouteInformation, changes: Changes, source: tuple[str, int], max_forwards: int | None
) -> bytes:
    """The header section to send: ``source`` is the address the request came from (for ``received``, ``rport``)."""
    edits = Edits(message)
    index = message.index
    request_uri = changes.request_uri
    strict = routes.foreign is not None and routes.foreign.is_sip and not routes.foreign.is_loose
    if strict and routes.foreign is not None:  # step 6
        last, request_uri = request_uri or _bytes(message.uri), _bytes(routes.foreign.text.partition("?")[0])
        edits.insert_before(index["route"][-1] + 1, b"Route: <" + last + b">")
    if request_uri is not None:  # step 2
        edits.replace(0, b"%b %b SIP/2.0" % (message.method.encode(), request_uri))
    first_via = index["via"][0]
    _lower_max_forwards(edits, max_forwards, changes.hop_count, first_via)  # step 3
    if changes.max_breadth is not None:
        _limit_breadth(edits, changes.max_breadth, first_via)
    if routes.own or routes.strict_last:  # 16.4
        _remove_routes(edits, routes)
    if strict:
        edits.remove_first_items(routes.foreign_line)
    if changes.record_routes:  # step 4
        at = index["record-route"][0] if "record-route" in index else index["via"][-1] + 1
        for line in changes.record_routes:
            edits.insert_before(at, line)
    stamped = stamped_via(message, source)  # 18.2.1
    if stamped is not None:
        edits.replace(first_via, stamped)
    if changes.asserted_identity is not Identity.KEEP:
        _assert_identity(edits, changes)
    for number in changes.removed:
        edits.remove(number)
    if changes.proxy_require_strip and "proxy-require" in index:
        _strip_proxy_require(edits, changes.proxy_require_strip)
    edits.insert_before(first_via, changes.via)  # step 8
    return edits.head()


def unbelieved(message: Message, zone: Zone) -> tuple[int, ...]:
    """The lines of identity headers that are not passed on from a zone's peers, P-Asserted-Identity aside.

    A zone without trust loses all of them, a border those of Microsoft's inside in any case.
    """
    if zone.authentication_trust:
        return _lines(message, TRUST_HEADERS) if zone.border else ()
    lines: tuple[int, ...] | None = message.index.memo.get(unbelieved)
    if lines is None:
        lines = message.index.memo[unbelieved] = _lines(message, IDENTITY_HEADERS)
    return lines


def own_lines(message: Message, routes: RouteInformation) -> tuple[int, ...] | None:
    """The lines of Route that hold nothing but the edge's own values, which 16.4 removes.

    None: something else is done to Route, because of a line with others' values behind them or of a strict router.
    """
    foreign = routes.foreign
    if routes.strict_last is not None or (foreign is not None and not (foreign.is_sip and foreign.is_loose)):
        return None
    counts = Counter(item.line for item in routes.own)
    if any(len(split_commas(message.value(line))) != count for line, count in counts.items()):
        return None
    return tuple(counts)


def _lines(message: Message, names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(number for name in names for number in message.index.get(name, ()))


def believed(response: Message, zone: Zone) -> Message:
    """A response as it may be passed on from a zone's peers: RFC 3325 5 speaks of responses, too."""
    lines = unbelieved(response, zone)
    if not zone.authentication_trust and ASSERTED_IDENTITY in response.index:
        lines += response.index[ASSERTED_IDENTITY]
    if not lines:
        return response
    edits = Edits(response)
    for number in lines:
        edits.remove(number)
    return Message(edits.head(), response.body)


def _lower_max_forwards(edits: Edits, received: int | None, hop_count: int, first_via: int) -> None:
    """The lower of what came minus one and the zone's hop count (Expressway); added when there was none."""
    if received is None:
        edits.insert_before(first_via, b"Max-Forwards: %d" % min(DEFAULT_MAX_FORWARDS, hop_count))
        return
    number = edits.message.index["max-forwards"][0]
    name = edits.message.lines[number].partition(b":")[0]
    edits.replace(number, b"%b: %d" % (name, min(received - 1, hop_count)))


def _limit_breadth(edits: Edits, share: int, first_via: int) -> None:
    for number in edits.message.index.get("max-breadth", ()):
        edits.remove(number)
    edits.insert_before(first_via, b"Max-Breadth: %d" % share)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _remove_routes(edits: Edits, routes: RouteInformation) -> None:
    for line, count in Counter(item.line for item in routes.own).items():
        edits.remove_first_items(line, count)
    if routes.strict_last is not None:
        edits.remove_last_item(routes.strict_last.line)


def _assert_identity(edits: Edits, changes: Changes) -> None:
    for number in edits.message.index.get("p-asserted-identity", ()):
        edits.remove(number)
    if changes.asserted_identity is Identity.INSERT and changes.own_identity:
        edits.insert_before(edits.message.index["from"][0], b"P-Asserted-Identity: " + changes.own_identity)


def _strip_proxy_require(edits: Edits, tags: tuple[str, ...]) -> None:
    unwanted = {tag.lower() for tag in tags}
    for number in edits.message.index["proxy-require"]:
        kept = [tag for tag in edits.message.value(number).split(",") if tag.strip().lower() not in unwanted]
        if kept:
            edits.replace(number, b"Proxy-Require: " + ",".join(kept).strip().encode("utf-8", "surrogateescape"))
        else:
            edits.remove(number)
