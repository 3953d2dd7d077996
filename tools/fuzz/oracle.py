"""Whether a request that reached the callee may have: allowed by the rule, the received lines with the mandated edits.

It reads with nothing of the edge's own. Where a message begins and ends in what a peer sent is for the peer's bytes to
say, and mutations have spoiled those; so a forwarded request is in order when there is any place in the stream from
which it can have come. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.live.wire import END, lines_of, name_of, value, values

ALLOWED_HOSTS = (b"far.example", b"wild.example")
"""The rules: whatever is at these hosts goes to a callee, and nothing else."""
HOP_COUNT = 15
"""What a zone lowers Max-Forwards to (docs/configuration.md, hop_count)."""
IDENTITY = {
    b"p-asserted-identity",  # RFC 3325 5
    b"p-preferred-identity",
    b"p-served-user",
    b"remote-party-id",
    b"diversion",
    b"cc-diversion",
    b"ms-edge-proxy-message-trust",  # MS-SIPRE 2.2.15
    b"ms-asserted-verification-level",
}
"""What a stranger may not say of anybody: no zone of his is trusted."""
REMOVED = IDENTITY | {
    b"route",  # RFC 3261 16.4, 16.6 step 6
    b"proxy-require",  # proxy_require_strip
    b"max-breadth",  # RFC 5393 5.3.3
}
"""Headers of which the edge may take lines out, or write others in their place."""
_HOST = re.compile(rb"sips?:(?:[^@>]*@)?(\[[^\]]*\]|[^:;?>,\s]*)", re.IGNORECASE)
_MAX_FORWARDS = re.compile(rb"(?is)(max-forwards[ \t]*:)\s*(\d+)\s*")


def fault_of(forwarded: bytes, streams: Iterable[bytes], edge: bytes) -> str:
    """'' or one sentence: what is wrong with this request. ``edge``: the address that its own lines name."""
    if not is_allowed(forwarded):
        return "no rule allows its Request-URI or Route"
    if is_its_own(forwarded, edge):
        return ""
    if missing := missing_edit(forwarded, edge):
        return missing
    nearest = "no part of what was sent begins like it"
    for received, rest in _origins(forwarded, streams):
        difference = difference_of(received, lines_of(forwarded), edge)
        if not difference:
            body = forwarded.partition(END)[2]
            if rest.startswith(body):
                return ""
            difference = "its body is another one"
        nearest = difference
    return nearest


def is_allowed(forwarded: bytes) -> bool:
    """A Route that is left decides, else the Request-URI (docs/dialplan.md)."""
    uri = forwarded.partition(b"\r\n")[0].split(b" ")[1]
    return any(_host(text) in ALLOWED_HOSTS for text in (uri, *values(forwarded, b"route")[:1]))


def is_its_own(request: bytes, edge: bytes) -> bool:
    """An ACK or CANCEL from hop to hop, which the edge makes itself (RFC 3261 9.1, 17.1.1.3): it has one Via."""
    via = values(request, b"via")
    return request.startswith((b"ACK ", b"CANCEL ")) and len(via) == 1 and edge in via[0] and b"," not in via[0]


def missing_edit(forwarded: bytes, edge: bytes) -> str:
    """'' or one sentence: which edit it went without that no request may go without."""
    if edge not in value(forwarded, b"via").partition(b",")[0]:
        return "its topmost Via is not the edge's"
    hops = value(forwarded, b"max-forwards")
    if not hops.isdigit() or int(hops) > HOP_COUNT:
        return f"its Max-Forwards is {hops[:20]!r}, not at most {HOP_COUNT}"
    for name in sorted(IDENTITY):
        if values(forwarded, name):
            return f"it has the {name.decode()} that a stranger wrote"
    return ""


def _host(text: bytes) -> bytes:
    found = _HOST.search(text)
    return found[1].lower().rstrip(b".") if found else b""


def _origins(forwarded: bytes, streams: Iterable[bytes]) -> Iterator[tuple[list[bytes], bytes]]:
    """Header sections in the streams that may be its origin, each with the bytes after it."""
    method = forwarded.partition(b" ")[0] + b" "
    anchor = _anchor(forwarded)
    for stream in streams:
        at = stream.find(anchor)
        while at >= 0:
            end = stream.find(END, at)
            start = stream.rfind(method, 0, at)
            while start >= 0 and END not in stream[start:at] and end >= 0:
                yield lines_of(stream[start:end]), stream[end + 4 :]
                start = stream.rfind(method, 0, start)
            at = stream.find(anchor, at + 1)


def _anchor(forwarded: bytes) -> bytes:
    """A line that the edge has no reason to change, and that hardly stands anywhere else."""
    changed = REMOVED | {b"via", b"max-forwards", b"record-route"}
    kept = [line for line in lines_of(forwarded)[1:] if name_of(line) not in changed]
    marked = [line for line in kept if name_of(line) == b"x-fuzz"]
    return max(marked or kept, key=len)


def difference_of(received: list[bytes], forwarded: list[bytes], edge: bytes) -> str:
    """'' or one sentence: the first line that no mandated edit explains."""
    at = 1
    if problem := _start_line(received, forwarded):
        return problem
    for line in forwarded[1:]:
        found = _next_equal(received, at, line)
        if found is not None:
            at = found + 1
        elif not _is_added(line, edge, received):
            expected = received[at][:60] if at < len(received) else b"the end"
            return f"the line {line[:60]!r} stands where {expected!r} was received"
    left = [line for line in received[at:] if name_of(line) not in REMOVED]
    return f"the line {left[0][:80]!r} is missing" if left else ""


def _start_line(received: list[bytes], forwarded: list[bytes]) -> str:
    """It stays, but for a strict router's Route and an maddr that led here (RFC 3261 16.4, 16.6 step 6)."""
    if received[0] == forwarded[0]:
        return ""
    has_reason = b"maddr" in received[0].lower() or any(name_of(line) == b"route" for line in received)
    same_version = received[0].rpartition(b" ")[2].upper() == forwarded[0].rpartition(b" ")[2].upper()
    return "" if has_reason and same_version else f"the start line {forwarded[0][:80]!r} is another one"


def _next_equal(received: list[bytes], at: int, line: bytes) -> int | None:
    """The number of the received line that became this one; only lines that may be removed are passed over."""
    for number in range(at, len(received)):
        if _is_edit(received[number], line):
            return number
        if name_of(received[number]) not in REMOVED:
            return None
    return None


def _is_edit(received: bytes, line: bytes) -> bool:
    """Or the same, which Max-Forwards may not be."""
    name = name_of(line)
    if name != name_of(received):
        return False
    if name == b"via":  # RFC 3261 18.2.1, RFC 3581 4
        return _without_source(line) == _without_source(received)
    if name == b"max-forwards":
        before, after = _MAX_FORWARDS.fullmatch(received), _MAX_FORWARDS.fullmatch(line)
        return bool(before and after) and int(after[2]) < int(before[2])  # type: ignore[index]
    return line == received or name in REMOVED


def _without_source(via: bytes) -> bytes:
    """Without received and rport, and without blanks, which mean nothing beside a comma or semicolon."""
    return re.sub(rb"(?i);(?:received|rport)(?:=[^;,]*)?", b"", re.sub(rb"\s+", b"", via))


def _is_added(line: bytes, edge: bytes, received: list[bytes]) -> bool:
    """The edge's own Via and Record-Route, what was missing, and the Request-URI for a strict router."""
    name = name_of(line)
    if name in (b"via", b"record-route"):
        return edge in line
    if name == b"max-forwards":
        return all(name_of(each) != name for each in received)
    return name in (b"max-breadth", b"route")
