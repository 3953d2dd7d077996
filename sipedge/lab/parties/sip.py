"""Just enough SIP text for the lab's parties: headers in order, framing by Content-Length (RFC 3261 section 7, 18.3).

Written on its own on purpose: a party that read messages with the edge's code would agree with its mistakes.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field

_LIMIT = 1 << 20
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "l": "content-length",
    "m": "contact",
    "c": "content-type",
}
_COMPACT |= {"k": "supported", "o": "event", "e": "content-encoding", "s": "subject"}
_TAG = re.compile(r";\s*tag\s*=\s*([^;\s,]+)", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^;\s,]+)", re.IGNORECASE)
_HOST = re.compile(r"(?:sips?:)?(?:[^@>]*@)?(\[[^\]]+\]|[^:;>?\s]+)(?::(\d+))?", re.IGNORECASE)


@dataclass(slots=True)
class Message:
    """One message; ``headers`` keeps order and spelling, values are without surrounding blanks."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def method(self) -> str:
        """Of a request; of a response what its CSeq names."""
        return self.cseq[1] if self.status else self.start.split(" ", 1)[0]

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.start.split(" ", 2)[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def uri(self) -> str:
        """The Request-URI."""
        return self.start.split(" ")[1]

    @property
    def cseq(self) -> tuple[int, str]:
        number, _, method = self.get("CSeq").partition(" ")
        return int(number), method.strip()

    @property
    def call_id(self) -> str:
        return self.get("Call-ID")

    def get(self, name: str) -> str:
        """The first value of a header, '' when there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header; values joined with commas are taken apart."""
        wanted = name.lower()
        values = (value for key, value in self.headers if _long(key) == wanted)
        return [item for value in values for item in split_list(value)]

    def data(self) -> bytes:
        """The bytes to send; Content-Length is added at the end where the headers have none."""
        headers = list(self.headers)
        if not any(_long(name) == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(self.body))))
        lines = [self.start] + [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


def parse(head: str, body: bytes = b"") -> Message:
    """``head`` is without the empty line. Raises ValueError when it is no SIP."""
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    if "SIP/2.0" not in lines[0]:
        raise ValueError(f"no SIP start line: {lines[0][:80]!r}")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no header: {line[:80]!r}")
        headers.append((name.strip(), value.strip()))
    return Message(lines[0], headers, body)


async def read(reader: asyncio.StreamReader) -> tuple[bytes, Message | None]:
    """The next message and its bytes; ``(b"\\r\\n\\r\\n", None)`` for a keep-alive, ``(b"", None)`` at the end."""
    try:
        data = await reader.readuntil(b"\r\n\r\n")
        blanks = len(data) - len(data.lstrip(b"\r\n"))
        if blanks == len(data):
            return data, None
        data = data[blanks:]
        message = parse(data[:-4].decode("latin-1"))
        length = int(message.get("Content-Length") or 0)
        if not 0 <= length <= _LIMIT:
            raise ValueError(f"Content-Length {length}")
        message.body = await reader.readexactly(length)
        return data + message.body, message
    except (asyncio.IncompleteReadError, ConnectionError):
        return b"", None


def response(request: Message, status: int, reason: str, *, tag: str = "") -> Message:
    """RFC 3261 8.2.6.2: Via, From, To, Call-ID and CSeq as they came, a To tag where there is none."""
    copied = [(name, value) for name, value in request.headers if _long(name) in _COPIED]
    if tag:
        copied = [(n, v if _long(n) != "to" or tag_of(v) else f"{v};tag={tag}") for n, v in copied]
    return Message(f"SIP/2.0 {status} {reason}", copied)


_COPIED = {"via", "from", "to", "call-id", "cseq"}


def split_list(value: str) -> list[str]:
    """Comma-separated values, commas inside quotes and angle brackets kept."""
    items, start, quoted, depth = [], 0, False, 0
    for at, char in enumerate(value):
        if char == '"':
            quoted = not quoted
        elif not quoted and char in "<>":
            depth += 1 if char == "<" else -1
        elif char == "," and not quoted and depth <= 0:
            items.append(value[start:at].strip())
            start = at + 1
    items.append(value[start:].strip())
    return [item for item in items if item]


def uri_of(value: str) -> str:
    """The URI of a name-addr or addr-spec header value."""
    match = re.search(r"<([^>]*)>", value)
    return match[1] if match else value.split(";", 1)[0].strip()


def host_of(uri: str) -> str:
    """The host of a SIP URI, lower case, '' when there is none."""
    match = _HOST.match(uri)
    return match[1].lower() if match else ""


def user_of(uri: str) -> str:
    """The user part, '' when there is none."""
    rest = uri.partition(":")[2]
    return rest.partition("@")[0] if "@" in rest else ""


def tag_of(value: str) -> str:
    match = _TAG.search(value.rpartition(">")[2])
    return match[1] if match else ""


def branch_of(via: str) -> str:
    match = _BRANCH.search(via)
    return match[1] if match else ""


def new_branch() -> str:
    return "z9hG4bK" + secrets.token_hex(8).upper()


def new_tag() -> str:
    return secrets.token_hex(5)


def _long(name: str) -> str:
    lower = name.lower()
    return _COMPACT.get(lower, lower)
