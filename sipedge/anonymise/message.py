"""One message with what tells of people replaced; its length stays, so Content-Length and all offsets still hold."""

from __future__ import annotations

import re

from sipedge.sip.message import COMPACT_NAMES

from .text import Text

KEPT = frozenset(
    """cseq max-forwards content-length content-type content-disposition content-encoding content-transfer-encoding
    mime-version allow allow-events supported require proxy-require unsupported event accept accept-encoding
    accept-language expires min-expires user-agent server subscription-state session-expires min-se rseq rack date
    timestamp retry-after priority ms-keep-alive ms-accepted-content-id""".split()
)
"""Headers that say what is spoken, not who speaks."""
PLACES = frozenset("warning reason error-info ms-diagnostics ms-client-diagnostics ms-diagnostics-public".split())
"""Headers for people who search for faults: their sentences stay, hosts and addresses do not."""
_HEADER_LINE = re.compile(r"(?P<name>[\w.!%*+`'~-]+)(?P<colon>[ \t]*:)(?P<value>.*)", re.DOTALL)
_FIRST_LINE = re.compile(r"(?P<method>[!-~]+ )(?P<uri>.*)(?P<version> SIP/2\.0)", re.DOTALL | re.IGNORECASE)
_LINES = re.compile(r"[^\n]*\n(?:[ \t][^\n]*\n)*|[^\n]+$")
"""A header line with its continuation lines; rebuilt messages may end lines with LF alone."""
_SDP_KEYS = re.compile(
    r"a=(?:crypto|ice-ufrag|ice-pwd|fingerprint|candidate|remote-candidates?|x-candidate-info|ssrc|msid|key-mgmt|"
    r"encryption|x-applicationsharing-session-id|x-ssrc-range)[: ]",
    re.IGNORECASE,
)
_SDP_PEOPLE = ("o=", "s=", "i=", "u=", "e=", "p=", "k=")
_SDP_WORDS = re.compile(
    r"(\b(?:typ|host|srflx|relay|raddr|rport|tcptype|passive|active|udp|tcp(?:-pass|-act)?|inline|IN|IP[46]|"
    r"AES_CM_128_HMAC_SHA1_(?:80|32)|cname|sha-\d+|2\^31|optional|rejected|required|session)\b)"
)
_PARTS = 32
_DEPTH = 4


def anonymised(data: bytes, text: Text) -> bytes:
    """Any bytes, well-formed or not."""
    head, gap, body = _split(data)
    lines = _LINES.findall(head.decode("utf-8", "surrogateescape"))
    kind = ""
    out = []
    for number, line in enumerate(lines):
        name, replaced = _head_line(line, text, first=number == 0)
        out.append(replaced)
        if name == "content-type":
            kind = line.partition(":")[2].strip()
    return "".join(out).encode("utf-8", "surrogateescape") + gap + _body(kind, body, text, _DEPTH)


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, the empty line, body."""
    for gap in (b"\r\n\r\n", b"\n\n"):
        place = data.find(gap)
        if place >= 0:
            half = len(gap) // 2
            return data[: place + half], data[place + half : place + len(gap)], data[place + len(gap) :]
    return data, b"", b""


def _head_line(line: str, text: Text, *, first: bool) -> tuple[str, str]:
    """(canonical name, the line replaced)."""
    if first:
        return "", _start_line(line, text)
    match = _HEADER_LINE.match(line)
    if match is None:
        return "", text.plain(line)
    name = match["name"].lower()
    name = COMPACT_NAMES.get(name, name)
    if name in KEPT:
        return name, line
    replace = text.places if name in PLACES else text.header
    return name, f"{match['name']}{match['colon']}{replace(match['value'])}"


def _start_line(line: str, text: Text) -> str:
    if line[:8].upper() == "SIP/2.0 ":
        return line
    match = _FIRST_LINE.match(line)
    if match is None:
        return text.plain(line)
    return f"{match['method']}{text.header(match['uri'])}{line[match.end('uri') :]}"


def _body(kind: str, body: bytes, text: Text, depth: int) -> bytes:
    if not body:
        return body
    media = kind.partition(";")[0].strip().lower()
    if media.startswith("multipart/") and depth:
        boundary = re.search(r'boundary\s*=\s*"?([^";\s]+)', kind, re.IGNORECASE)
        if boundary is not None:
            return _multipart(body, boundary[1].encode("utf-8", "surrogateescape"), text, depth)
    try:
        decoded = body.decode("utf-8")
    except UnicodeDecodeError:
        return text.plain(body.decode("latin-1")).encode("latin-1", "replace")
    if media == "application/sdp":
        replaced = "".join(_sdp_line(line, text) for line in decoded.splitlines(keepends=True))
    elif media.endswith("xml") or media == "text/html":
        replaced = text.markup(decoded)
    else:
        replaced = text.plain(decoded)
    return replaced.encode("utf-8", "surrogateescape")


def _multipart(body: bytes, boundary: bytes, text: Text, depth: int) -> bytes:
    """Boundaries stay; each part has headers of its own (RFC 2046 5.1)."""
    delimiter = b"--" + boundary
    first, *parts = body.split(delimiter, _PARTS)
    return delimiter.join([first, *(_part(part, text, depth) for part in parts)])


def _part(part: bytes, text: Text, depth: int) -> bytes:
    if part.startswith(b"--"):
        return part
    head, gap, content = _split(part)
    lines = head.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    kind = ""
    out = []
    for line in lines:
        name, replaced = _head_line(line, text, first=False) if line.strip() else ("", line)
        out.append(replaced)
        if name == "content-type":
            kind = line.partition(":")[2].strip()
    return "".join(out).encode("utf-8", "surrogateescape") + gap + _body(kind, content, text, depth - 1)


def _sdp_line(line: str, text: Text) -> str:
    """Media and codecs stay: the kind of traffic is read from them. People, addresses and keys do not."""
    if line.startswith("o="):
        fields = line.split(" ")
        return " ".join([f"o={text.plain(fields[0][2:])}", *fields[1:3], *map(text.places, fields[3:])])
    if line.startswith(_SDP_PEOPLE):
        return line[:2] + text.plain(line[2:])
    if _SDP_KEYS.match(line):
        start = re.search(r"[: ]", line)
        at = start.end() if start else 2
        pieces = _SDP_WORDS.split(line[at:])
        return line[:at] + "".join(piece if number % 2 else text.plain(piece) for number, piece in enumerate(pieces))
    return text.places(line)
