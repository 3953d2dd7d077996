"""A SIP message as a read-only view over the bytes that arrived (RFC 3261 section 7).

The head is cut into *lines*: line 0 is the start line, every other one a whole header field with its folded
continuation lines inside it. Joined with CRLF and ended by the empty line they are the head again, byte for byte, so a
proxy can forward what it received and touch only the lines that RFC 3261 16.6 names (edits.py). Values are decoded on
demand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, overload

from .uri import LONGEST_REMEMBERED, UriError, split_host_port

COMPACT_NAMES = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
"""Compact header names: the IANA registry of SIP header fields (RFC 3261 7.3.3 and later RFCs)."""

VERSION = b"SIP/2.0"
MAX_CSEQ = 2**31 - 1
"""RFC 3261 8.1.1.5."""
_CSEQ = re.compile(r"(\d{1,20})[ \t]+([^ \t]+)", re.ASCII)
TOKEN_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")
"""RFC 3261 25.1: what methods and header names are made of."""


Value = TypeVar("Value")


class lazy(Generic[Value]):
    """functools.cached_property without the lock it takes in Python 3.11: a message belongs to one thread."""

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[Value]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Value | lazy[Value]:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._function(instance)
        return value


KNOWN_METHODS = frozenset(
    b"INVITE ACK BYE CANCEL OPTIONS MESSAGE INFO SUBSCRIBE NOTIFY BENOTIFY SERVICE PUBLISH REFER UPDATE PRACK".split()
)


class MessageError(ValueError):
    """Bytes that are no SIP message. ``status``: what a request gets; ``header``, ``line``, ``column``: where."""

    def __init__(self, reason: str, *, status: int = 400, header: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.status, self.header, self.line, self.column = reason, status, header, line, column


MAX_SHARED = 512
"""Indexes remembered for messages with the same names in the same order."""
MAX_SHARED_LINES, MAX_SHARED_NAMES = 64, 2048
"""Header lines, and bytes of their names, up to which an index is remembered."""
_SHARED: dict[tuple[bytes, ...], Mapping[str, tuple[int, ...]]] = {}


def canonical_name(raw: bytes) -> str:
    """A header name as written -> lower case and long form. Raises MessageError when it is no token."""
    name = raw.rstrip(b" \t")
    if not name or not TOKEN_CHARACTERS.issuperset(name):
        raise MessageError(f"header name {name[:40]!r} is not a token")
    text = name.decode("ascii").lower()
    return COMPACT_NAMES.get(text, text)


class Message:
    """One request or response. ``method``/``uri`` are set on requests, ``status``/``reason`` on responses."""

    def __init__(self, head: bytes, body: bytes = b"") -> None:
        """``head`` ends with the empty line. Raises MessageError for the form; meaning is validation.py's."""
        self.head = head
        self.body = body
        self.lines = _split_lines(head)
        self.method, self.uri, self.status, self.reason = _start_line(self.lines[0])
        self.index = _index(self.lines)

    @property
    def is_request(self) -> bool:
        return self.status == 0

    @property
    def start_line(self) -> str:
        return self.lines[0].decode("utf-8", "surrogateescape")

    def first(self, name: str) -> str | None:
        """The first value of a header (canonical name: lower case, long form), or None."""
        found = self.index.get(name)
        return None if found is None else self.value(found[0])

    def values(self, name: str) -> list[str]:
        """One value for each header line of that name, in order, not split at commas."""
        return [self.value(number) for number in self.index.get(name, ())]

    def items(self, name: str) -> list[str]:
        """All values of a comma-separated header over all its lines (RFC 3261 7.3.1)."""
        return [item for value in self.values(name) for item in split_commas(value)]

    def value(self, number: int) -> str:
        """The value of one header line, unfolded and stripped."""
        raw = self.lines[number].partition(b":")[2]
        if b"\r\n" in raw:
            raw = b" ".join(part.strip() for part in raw.split(b"\r\n"))
        return raw.strip().decode("utf-8", "surrogateescape")

    @lazy
    def call_id(self) -> str:
        return self.first("call-id") or ""

    @lazy
    def cseq(self) -> tuple[int, str]:
        """Number and method. Raises MessageError."""
        found = _CSEQ.fullmatch(self.first("cseq") or "")
        if found is None or int(found[1]) > MAX_CSEQ:
            raise MessageError("CSeq is not a number below 2**31 and a method", header="CSeq")
        return int(found[1]), found[2]

    @lazy
    def from_tag(self) -> str | None:
        return _tag(self.first("from") or "")

    @lazy
    def to_tag(self) -> str | None:
        return _tag(self.first("to") or "")

    @lazy
    def via(self) -> Via:
        """The topmost Via. Raises MessageError."""
        value = self.first("via")
        if value is None:
            raise MessageError("there is no Via header", header="Via")
        return parse_via(first_item(value))

    @lazy
    def content_length(self) -> int | None:
        """None when absent. Raises MessageError when it is no number or two differ (request smuggling)."""
        numbers = self.index.get("content-length")
        if numbers is None:
            return None
        value = self.value(numbers[0])
        differs = len(numbers) > 1 and any(self.value(number) != value for number in numbers)
        if differs or not (value.isascii() and value.isdigit()) or len(value) > 10:
            raise MessageError("Content-Length is not one whole number", header="Content-Length")
        return int(value)

    def to_bytes(self) -> bytes:
        return self.head + self.body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.head == other.head and self.body == other.body

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Message {self.start_line[:60]!r}, {len(self.head) + len(self.body)} bytes>"


def parse_message(data: bytes) -> Message:
    """A whole message in one piece: everything after the empty line is the body. Raises MessageError."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        raise MessageError("the header section has no empty line at its end")
    return Message(data[: end + 4], data[end + 4 :])


def _split_lines(head: bytes) -> list[bytes]:
    if not head.endswith(b"\r\n\r\n"):
        raise MessageError("the header section has no empty line at its end")
    lines = head[:-4].split(b"\r\n")
    # A lone CR or LF would end a line for one parser and not for the next one.
    text = b"".join(lines)
    if b"\n" in text or b"\r" in text:
        raise MessageError("a line ends with CR or LF alone instead of CRLF")
    if b"\r\n " in head or b"\r\n\t" in head:
        lines = list(_unfolded(lines))
    return lines


def _unfolded(lines: list[bytes]) -> Iterator[bytes]:
    """Join continuation lines to the header they belong to, line breaks kept (RFC 3261 7.3.1)."""
    parts = lines[:1]
    if len(lines) > 1 and lines[1][:1] in (b" ", b"\t"):
        raise MessageError("the start line is folded", line=2)
    for line in lines[1:]:
        if line[:1] not in (b" ", b"\t"):
            yield b"\r\n".join(parts)
            parts.clear()
        parts.append(line)
    yield b"\r\n".join(parts)


def _start_line(line: bytes) -> tuple[str, str, int, str]:
    """(method, uri, status, reason) of a start line (RFC 3261 7.1, 7.2)."""
    if line[:4].upper() == b"SIP/":
        version, _, rest = line.partition(b" ")
        code, _, reason = rest.partition(b" ")
        if version.upper() != VERSION:
            raise MessageError("the version of a response is not SIP/2.0", line=1, column=1)
        if len(code) != 3 or not code.isdigit() or not 100 <= int(code) <= 699:
            raise MessageError("the status code is not a number from 100 to 699", line=1, column=9)
        return "", "", int(code), reason.decode("utf-8", "replace")
    parts = line.split(b" ")
    if len(parts) != 3:
        raise MessageError("the request line is not METHOD, URI and version with one blank between", line=1)
    method, uri, version = parts
    if method not in KNOWN_METHODS and (not method or not TOKEN_CHARACTERS.issuperset(method)):
        raise MessageError("the method is not a token", line=1, column=1)
    if version.upper() != VERSION:
        is_sip = version[:4].upper() == b"SIP/"
        raise MessageError("the version is not SIP/2.0", status=505 if is_sip else 400, line=1, column=len(line) - 6)
    if not uri:
        raise MessageError("the Request-URI is empty", line=1, column=len(method) + 2)
    return method.decode("ascii"), uri.decode("utf-8", "surrogateescape"), 0, ""


def _index(lines: list[bytes]) -> Mapping[str, tuple[int, ...]]:
    """Numbers of the lines of each header. Messages with the same names in the same order share one index."""
    # A name keeps its colon here, so that a line without one shows as an empty name.
    names = tuple([line[: line.find(b":") + 1] for line in lines[1:]])
    index = _SHARED.get(names)
    if index is None:
        index = _index_of(names)
        if len(names) <= MAX_SHARED_LINES and sum(map(len, names)) <= MAX_SHARED_NAMES:
            if len(_SHARED) >= MAX_SHARED:
                _SHARED.clear()
            _SHARED[names] = index
    return index


def _index_of(names: tuple[bytes, ...]) -> Mapping[str, tuple[int, ...]]:
    index: dict[str, list[int]] = {}
    for number, raw in enumerate(names, 1):
        if not raw:
            raise MessageError(f"header line {number} has no colon", line=number + 1)
        try:
            name = canonical_name(raw[:-1])
        except MessageError as error:
            raise MessageError(error.reason, line=number + 1, column=1) from None
        index.setdefault(name, []).append(number)
    return {name: tuple(numbers) for name, numbers in index.items()}


# ---------------------------------------------------------------------------------------------------- header values


def split_commas(value: str) -> list[str]:
    """Cut a header value at commas outside quotes and angle brackets; empty items are dropped."""
    if "," not in value:
        return [value] if value else []
    return [item for start, end in item_spans(value) if (item := value[start:end].strip())]


def first_item(value: str) -> str:
    if "," not in value:
        return value
    start, end = next(item_spans(value))
    return value[start:end].strip()


def item_spans(value: str) -> Iterator[tuple[int, int]]:
    """Start and end of each comma-separated item, blanks included, commas excluded."""
    start = position = 0
    quoted = False
    depth = 0
    while position < len(value):
        character = value[position]
        if quoted:
            if character == "\\":
                position += 1
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character == "<":
            depth += 1
        elif character == ">":
            depth = max(0, depth - 1)
        elif character == "," and depth == 0:
            yield start, position
            start = position + 1
        position += 1
    yield start, len(value)


def split_parameters(text: str) -> tuple[tuple[str, str | None], ...]:
    """``;a=1;b="x;y";c`` -> (("a", "1"), ("b", '"x;y"'), ("c", None)); names lower case, quotes kept."""
    if '"' not in text:
        parts = text.split(";")
    else:
        parts, start, quoted, position = [], 0, False, 0
        while position < len(text):
            character = text[position]
            if quoted and character == "\\":
                position += 1
            elif character == '"':
                quoted = not quoted
            elif character == ";" and not quoted:
                parts.append(text[start:position])
                start = position + 1
            position += 1
        parts.append(text[start:])
    result = []
    for part in parts:
        name, equals, value = part.partition("=")
        if name := name.strip().lower():
            result.append((name, value.strip() if equals else None))
    return tuple(result)


def _lookup(parameters: tuple[tuple[str, str | None], ...], name: str) -> str | None:
    for key, value in parameters:
        if key == name:
            return value or ""
    return None


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec (RFC 3261 20): display name as written, URI text, header parameters."""

    display: str
    uri: str
    parameters: tuple[tuple[str, str | None], ...] = ()

    def parameter(self, name: str) -> str | None:
        """'' for a parameter without a value, None when absent."""
        return _lookup(self.parameters, name)


def parse_address(value: str) -> Address:
    """Read From, To, Contact, Route, P-Asserted-Identity ... items; never raises: what is no URI is kept as text."""
    return _remembered(value) if len(value) <= LONGEST_REMEMBERED else _parse_address(value)


@lru_cache(maxsize=2048)
def _remembered(value: str) -> Address:
    return _parse_address(value)


def _parse_address(value: str) -> Address:
    value = value.strip()
    start = _bracket(value)
    if start < 0:  # addr-spec: the parameters after it belong to the header (RFC 3261 20.10)
        uri, _, rest = value.partition(";")
        return Address("", uri.strip(), split_parameters(rest))
    end = value.find(">", start)
    if end < 0:
        end = len(value)
    return Address(value[:start].strip(), value[start + 1 : end].strip(), split_parameters(value[end + 1 :]))


def _tag(value: str) -> str | None:
    """The tag of a From or To value: what ``parse_address`` finds, sooner in the usual form ``... <uri>;tag=x``."""
    _, bracket, parameters = value.partition(">")
    if not bracket or ">" in parameters or '"' in parameters:
        return parse_address(value).parameter("tag")
    return _lookup(split_parameters(parameters), "tag") if parameters else None


def _bracket(value: str) -> int:
    """Position of the ``<`` that opens the URI, outside a quoted display name; -1 when there is none."""
    if not value.startswith('"'):
        return value.find("<")
    position = 1
    while position < len(value):
        if value[position] == "\\":
            position += 1
        elif value[position] == '"':
            return value.find("<", position)
        position += 1
    return -1


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value (RFC 3261 20.42); ``transport`` upper case, ``host`` lower case."""

    transport: str
    host: str
    port: int | None
    parameters: tuple[tuple[str, str | None], ...]

    def parameter(self, name: str) -> str | None:
        return _lookup(self.parameters, name)

    @property
    def branch(self) -> str:
        return _lookup(self.parameters, "branch") or ""


def parse_via(value: str) -> Via:
    """Raises MessageError."""
    sent_by, _, rest = value.partition(";")
    words = sent_by.split("/", 2)
    if len(words) != 3:
        raise MessageError(f"Via {value[:60]!r} is not SIP/2.0/TRANSPORT host", header="Via")
    name, version, tail = words
    pieces = tail.split(None, 1)
    if name.strip().upper() != "SIP" or version.strip() != "2.0" or len(pieces) != 2:
        raise MessageError(f"Via {value[:60]!r} is not SIP/2.0/TRANSPORT host", header="Via")
    try:
        host, port = split_host_port("".join(pieces[1].split()))
    except UriError as error:
        raise MessageError(f"Via: {error}", header="Via") from None
    return Via(pieces[0].upper(), host, port, split_parameters(rest))
