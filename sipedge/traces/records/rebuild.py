"""Messages made whole again that logs and copies of logs have damaged.

Such copies lose, most often first: CR before LF, the length of the body, the indentation of the log, and line breaks
altogether ("flattened": a web page or a mail has joined header fields by blanks). The result has CRLF line ends, an
empty line behind the header section and the body as far as it can be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from .record import Transport, transport_named
from .wire import LARGEST_HEAD, LARGEST_LINE, LARGEST_MESSAGE, START, content_length, find_start

HEADER_NAMES = (
    rb"Via|From|To|Call-ID|CSeq|Contact|Max-Forwards|Route|Record-Route|Content-Length|Content-Type|User-Agent|Server|"
    rb"Allow|Supported|Require|Proxy-Require|Expires|Event|Subscription-State|Authorization|Proxy-Authorization|"
    rb"Proxy-Authenticate|WWW-Authenticate|(?:Proxy-)?Authentication-Info|Warning|Reason|Date|Allow-Events|"
    rb"Accept(?:-Encoding|-Language)?|P-[A-Z][A-Za-z-]+|Remote-Party-ID|Diversion|Session-Expires|Min-SE|Min-Expires|"
    rb"Session-ID|History-Info|Call-Info|Alert-Info|Error-Info|Privacy|Refer-To|Referred-By|Replaces|Retry-After|"
    rb"Timestamp|Subject|MIME-Version|Content-(?:Disposition|Encoding|Language|ID)|RSeq|RAck|Unsupported|Organization|"
    rb"Priority|In-Reply-To|SIP-ETag|SIP-If-Match|Path|Service-Route|Identity(?:-Info)?|Join|Target-Dialog|Geolocation|"
    rb"Cisco-[A-Za-z]+|App-Info|X-[A-Za-z-]+|ms-[A-Za-z-]+|msrtc-[a-z-]+|Roster-Manager|EndPoints|AV-Version"
)
_GUARDED = rb'"[^"\n]{0,4096}"|<[^<>\n]{0,4096}>|'
_JOINED = re.compile(
    _GUARDED + rb"(?<![ \t])(?P<gap>[ \t]++)(?=(?:" + HEADER_NAMES + rb")[ \t]?:(?:[ \t]|$))",
    re.IGNORECASE | re.MULTILINE,
)
"""Each run of blanks is looked behind once."""
_SURELY_JOINED = re.compile(
    rb"[ \t](?:Via ?: SIP/2\.0/|Call-ID ?: |CSeq ?: \d|Max-Forwards ?: \d|(?:Record-)?Route ?: <|Content-Length ?: \d|"
    rb"(?:From|To) ?: [\"<]|Server ?: RTC/)",
    re.IGNORECASE,
)
START_OF_LINE = re.compile(
    rb"^(?:[A-Z]{3,32} sips?:[^ \r\n]+ SIP/2\.0(?=[ \t\r\n])|SIP/2\.0 [1-6]\d\d(?= ))", re.MULTILINE
)
"""A start line in text: no more than a line's beginning tells it from other words."""
_VIA = re.compile(rb"\n(?:via|v)[ \t]*:[ \t]*SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z]{2,8})", re.IGNORECASE)
_CSEQ_METHOD = re.compile(rb"\ncseq[ \t]*:[ \t]*\d{1,10}[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)", re.IGNORECASE)
_IDENTITY = re.compile(rb"\n(?:call-id|i|cseq|via|v)[ \t]*:", re.IGNORECASE)
_FLAT_START = re.compile(rb"([A-Za-z]{3,32} \S+ SIP/2\.0|SIP/2\.0 [1-6]\d\d)[ \t]+(?=\S)")
_LONGEST_START = LARGEST_LINE + 256
"""At least as long as what START matches."""
_BLANKS = re.compile(rb"\s*")
_EMPTY_LINE = re.compile(rb"\n[ \t]*\n")
_ALL_HEADERS = re.compile(rb"(?:[!#-'*+\-.0-9A-Z^_`a-z|~]+:[^\n]*(?<![ \t])\n)+(?<!\|\n)")
"""Header lines that ``_fields`` would leave as they are: without looking at each, logs are read 1.2 times as fast where
there is no FastParse."""
_HEADER = re.compile(rb"[!#-'*+\-.0-9A-Z^_`a-z|~]+[ \t]*:")
_BLANK_IN_URI = re.compile(rb"<[ \t]{0,4}(sips?:[^<>\n]{0,512})>", re.IGNORECASE)
_BLANK_IN_CALL_ID = re.compile(rb"(\nCall-ID ?: \S+) @", re.IGNORECASE)
_LENGTH_FIELD = re.compile(rb"Content-Length[ \t]*:[ \t]*\d+$", re.IGNORECASE)
_FLAT_BODY = re.compile(
    rb"^(Content-Length[ \t]?:[ \t]*\d+(?=[ \t])|[^\n]*?(?=[ \t]{1,8}(?:v=0[ \t]{1,8}[a-z]=|<\?xml )))[ \t]+(\S.*)$",
    re.DOTALL | re.IGNORECASE,
)
_CLOSING_BAR = re.compile(rb"\n[ \t]*\|[ \t\n]*$")
_SDP_JOINT = re.compile(rb"[ \t]{1,8}(?=[a-z]=)")
_SDP_JOINT_AFTER_VERSION = re.compile(rb"v=0[ \t]+[a-z]=")


def rebuilt(text: bytes) -> bytes | None:
    """One message, from the first start line in ``text`` to its end; None when there is no start line."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, body = _parts(text.lstrip())
    if head.count(b": ") + head.count(b" :") > head.count(b"\n"):
        head = _unfold_copy(head)
    if not START.match(head):
        return None
    start_line, _, fields = head.partition(b"\n")
    if body is None:
        fields, body = _without_flat_body(fields)
    if not _ALL_HEADERS.fullmatch(fields):
        fields = b"\n".join(_fields([line.strip() for line in fields.rstrip().split(b"\n")]))
    fields = fields.rstrip().replace(b"\n", b"\r\n")
    head = start_line.rstrip() + (b"\r\n" + fields if fields else b"") + b"\r\n\r\n"
    return head + _body(body, content_length(head, 0, len(head))) if body else head


FLAWLESS_LINE = rb"[A-Za-z][A-Za-z0-9-]{0,63}: [^\n]*\S"
"""A header line without a flaw, for the patterns of readers; with LF behind it, or CRLF."""
FLAWLESS_START = rb"(?:[A-Z]{3,16} [^ \n]{1,8192} SIP/2\.0|SIP/2\.0 [1-6]\d\d [^\n]*\S)"


def rebuilt_flawless(head: bytes, body: bytes) -> bytes | None:
    """As ``rebuilt``, of a header section that matches the patterns above; None where there is any doubt.

    ``head``: with CRLF, empty line included. ``body``: with LF, as the log has it.
    """
    lines = head.count(b"\n")
    # More than one ": " a line may be two header fields that a copy has joined.
    if head.count(b"\r") != lines or head.count(b": ") != lines - 2 or b" :" in head or b"\nCall-ID:" not in head:
        return None
    if not body:
        return head
    return None if b"\r" in body else head + _body(body, content_length(head, 0, len(head)))


def transport_of(data: bytes) -> Transport:
    """As the topmost Via says: the transport of the hop that the message was seen on."""
    match = _VIA.search(data)
    return transport_named(match[1].decode("ascii")) if match else ""


def is_message(data: bytes) -> bool:
    """Whether more than a start line speaks for it: text that quotes one is no message, nor is a torn one."""
    return _IDENTITY.search(data) is not None and not is_torn(data)


def is_torn(data: bytes) -> bool:
    """Whether the method has lost its beginning or has other text in front of it: CSeq names it whole (RFC 3261
    8.1.1.5)."""
    match = _CSEQ_METHOD.search(data)
    method = data[: data.find(b" ")]
    return match is not None and method != match[1] and (match[1].endswith(method) or method.endswith(match[1]))


def last_start(text: bytes, start: int, end: int) -> int:
    """Where the last start line in ``text[start:end]`` begins; -1 when there is none."""
    hit = text.rfind(b"SIP/2.0", start, end)
    while hit >= 0:
        line = text.rfind(b"\n", start, hit) + 1 or start
        if START_OF_LINE.match(text, line, end):
            return line
        hit = text.rfind(b"SIP/2.0", start, line)
    return -1


def split(data: bytes, more_follows: bool = False) -> Iterator[bytes]:
    """The messages in bytes with CRLF kept, one behind the other: by Content-Length where that leads to a start line
    or the end, else up to the next start line. With more to come, those whose end does not depend on it."""
    start, head = find_start(data), 0
    while start >= 0:
        if 0 <= head <= start:
            head = data.find(b"\r\n\r\n", start)
        end = _end(data, start, head, more_follows)
        if end < 0:
            return
        yield data[start:end]
        start = find_start(data, end)


def _end(data: bytes, start: int, head: int, more_follows: bool) -> int:
    """Where the message at ``start`` ends, whose header section ends at ``head`` (-1: nowhere); -1: more is needed."""
    if head < 0 or head - start > LARGEST_HEAD:
        if more_follows and len(data) - start <= LARGEST_HEAD:
            return -1
        line = data.find(b"\n", start) + 1 or len(data)
        return _following(data, line, more_follows)
    stated = content_length(data, start, head + 2)
    if stated is not None and stated <= LARGEST_MESSAGE:
        end = min(head + 4 + stated, len(data))
        behind = cast(re.Match[bytes], _BLANKS.match(data, end)).end()
        if more_follows and len(data) - behind < _LONGEST_START and data.find(b"\n", behind) < 0:
            return -1
        if behind == len(data) or START.match(data, behind):
            return end
    return _following(data, head + 4, more_follows)


def _following(data: bytes, start: int, more_follows: bool) -> int:
    """The next start line; the end of the data, if that is the end of all, when there is none."""
    begin = find_start(data, start)
    return begin if begin >= 0 or more_follows else len(data)


def _parts(text: bytes) -> tuple[bytes, bytes | None]:
    """Header section and body at the first line with nothing but blanks; body None without such a line."""
    match = _EMPTY_LINE.search(text)
    return (text[: match.start() + 1], text[match.end() :]) if match else (text.rstrip() + b"\n", None)


def _unfold_copy(head: bytes) -> bytes:
    """Put line breaks back where header fields were joined; a head that shows no sign of it stays as it is."""
    first, _, rest = head.partition(b"\n")
    flat = _FLAT_START.match(first)
    if not _SURELY_JOINED.search(head):
        return head
    if flat and not first.startswith(b"SIP/"):
        first = flat[1] + b"\n" + first[flat.end() :]
    head = _JOINED.sub(lambda match: b"\n" if match["gap"] else match[0], first + b"\n" + rest)
    head = _BLANK_IN_CALL_ID.sub(rb"\1@", head)
    return _BLANK_IN_URI.sub(lambda match: b"<" + match[1].replace(b" ", b"") + b">", head)


def _fields(lines: list[bytes]) -> list[bytes]:
    """Header lines; one that is none belongs to the line before (it was folded or wrapped)."""
    fields: list[list[bytes]] = []
    complete = False
    for line in lines:
        if _HEADER.match(line):
            fields.append([line])
        elif line.strip(b"|") and fields and not complete:
            fields[-1].append(line)
        else:
            continue
        complete = len(fields[-1]) < 3 and _LENGTH_FIELD.match(b" ".join(fields[-1])) is not None
    return [b" ".join(parts) for parts in fields]


def _without_flat_body(fields: bytes) -> tuple[bytes, bytes]:
    """Header lines, and the body that is joined to the last of them."""
    last = fields.rstrip().rfind(b"\n") + 1
    flat = _FLAT_BODY.match(fields[last:].strip())
    if not flat:
        return fields, b""
    body = flat[2]
    if _SDP_JOINT_AFTER_VERSION.match(body):
        body = _SDP_JOINT.sub(b"\n", body) + b"\n"
    return fields[:last] + flat[1] + b"\n", body


def _body(body: bytes, length: int | None) -> bytes:
    """The log may have changed line ends and added or taken some: that form is taken whose length is the stated one.

    What follows may be words of the log: then so many lines are taken as have the stated length together.
    """
    if length == 0 or not body.strip(b" \t\n|"):
        return b""
    if len(body) == length and b"\n" not in body:
        return body
    core = _CLOSING_BAR.sub(b"", body).rstrip(b"\n")
    for line_end in (b"\r\n", b"\n"):
        form = core.replace(b"\n", line_end)
        for count in (0, 1):
            if len(form) + count * len(line_end) == length:
                return form + count * line_end
    if length is not None and (whole := _lines_of_length(core, length)):
        return whole
    return core.replace(b"\n", b"\r\n") + b"\r\n"


def _lines_of_length(text: bytes, length: int) -> bytes:
    """The first lines of a text with LF which are as long as stated, with CRLF or LF, with the last line end or without
    it; b"" when no such lines are there."""
    at, count = text.find(b"\n"), 0
    while at >= 0 and at <= length:
        for line_end in (b"\r\n", b"\n"):
            size = at + count * (len(line_end) - 1)
            if length in (size, size + len(line_end)):
                lines = text[: at + 1].replace(b"\n", line_end)
                return lines[:length]
        at, count = text.find(b"\n", at + 1), count + 1
    return b""
