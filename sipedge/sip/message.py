"""A SIP message as a read-only view over the bytes that arrived (RFC 3261 section 7).

The head is cut into *lines*: line 0 is the start line, every other one a whole header field with its folded
continuation lines inside it. Joined with CRLF and ended by the empty line they are the head again, byte for byte, so a
proxy can forward what it received and touch only the lines that RFC 3261 16.6 names (edits.py). Values are decoded on
demand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Generic, TypeVar, overload

from .values import MessageError, Via, first_item, parse_via, split_commas, tag_of

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

COMMA, CR, LF = b",\r\n"
"""As numbers, because for ``b"," in line`` Python 3.11 raises and clears a TypeError before it searches."""
SHORT = 64
"""Bytes of a line up to which its meaning is remembered: so that strangers cannot fill the memory."""
VERSION = b"SIP/2.0"
MAX_CSEQ = 2**31 - 1
"""RFC 3261 8.1.1.5."""
_CSEQ = re.compile(r"(\d{1,20})[ \t]+([^ \t]+)", re.ASCII)
TOKEN_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")
"""RFC 3261 25.1: what methods and header names are made of."""

_PLAIN_SENT_BY = re.compile(
    rb"(?:via|v)[ \t]*:[ \t]*sip/2\.0/[a-z]+ ([0-9a-z.-]+)(?::[1-9][0-9]{0,3}|:[1-5][0-9]{4})?", re.IGNORECASE
)
_PLAIN_PARAMETER = rb'(?!rport|received)[^\s;,="]+(?:=(?:[^\s;,"]*|"[^"\\,]*"))?'
_PLAIN_PARAMETERS = re.compile(_PLAIN_PARAMETER + rb"(?:;" + _PLAIN_PARAMETER + rb")*", re.IGNORECASE)
"""A line with one value, a host name or IPv4 address, and nothing about where it came from: nearly every one."""

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


KNOWN_METHODS = {
    method.encode(): method
    for method in (
        *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "MESSAGE", "INFO", "SUBSCRIBE", "NOTIFY", "BENOTIFY"),
        *("SERVICE", "PUBLISH", "REFER", "UPDATE", "PRACK"),
    )
}


MAX_SHARED = 512
"""Indexes remembered for messages with the same names in the same order."""
MAX_SHARED_LINES, MAX_SHARED_NAMES = 64, 2048
"""Header lines, and bytes of their names, up to which an index is remembered."""


class HeaderIndex(dict[str, tuple[int, ...]]):
    """Header (canonical name) -> the numbers of its lines. Shared by messages with the same names in the same order."""

    __slots__ = ("memo", "names")

    def __init__(self, names: tuple[bytes, ...], numbers: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(numbers)
        self.names = names
        """As written, each with its colon."""
        self.memo: dict[object, Any] = {}
        """Whatever follows from the names alone may be kept here by whoever found it out, under a key of his own."""


SHARED: dict[bytes, HeaderIndex] = {}
"""By the names as they were written, with their colons, a line feed in front of each."""


def canonical_name(raw: bytes) -> str:
    """A header name as written -> lower case and long form. Raises MessageError when it is no token."""
    name = raw.rstrip(b" \t")
    if not name or not TOKEN_CHARACTERS.issuperset(name):
        raise MessageError(f"header name {name[:40]!r} is not a token")
    text = name.decode("ascii").lower()
    return COMPACT_NAMES.get(text, text)


class Message:
    """One request or response. ``method``/``uri`` are set on requests, ``status``/``reason`` on responses."""

    def __init__(self, head: bytes, body: bytes = b"", like: HeaderIndex | None = None) -> None:
        """``head`` ends with the empty line. Raises MessageError for the form; meaning is validation.py's.

        ``like``: the index of the message before, which will often do for this one, too.
        """
        self.head = head
        self.body = body
        self.lines = lines = _split_lines(head)
        self.method, self.uri, self.status, self.reason = _start_line(lines[0])
        if like is not None and len(like.names) == len(lines) - 1 and all(map(bytes.startswith, lines[1:], like.names)):
            self.index = like
        else:
            self.lines, self.index = _indexed(lines)

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
        return value_of(self.lines[number])

    @lazy
    def call_id(self) -> str:
        return self.first("call-id") or ""

    @lazy
    def cseq(self) -> tuple[int, str]:
        """Number and method. Raises MessageError."""
        numbers = self.index.get("cseq")
        return _cseq(b"" if numbers is None else self.lines[numbers[0]])

    @lazy
    def from_tag(self) -> str | None:
        return tag_of(self.first("from") or "")

    @lazy
    def to_tag(self) -> str | None:
        return tag_of(self.first("to") or "")

    @lazy
    def via(self) -> Via:
        """The topmost Via. Raises MessageError."""
        value = self.first("via")
        if value is None:
            raise MessageError("there is no Via header", header="Via")
        return parse_via(first_item(value))

    @lazy
    def plain_via_host(self) -> str | None:
        """The sent-by host of a topmost Via in the usual form, lower case; None: ``via`` has to be read."""
        numbers = self.index.get("via")
        if numbers is None:
            return None
        front, semicolon, parameters = self.lines[numbers[0]].partition(b";")
        host = plain_sent_by(front)
        if host is None or (semicolon and not _PLAIN_PARAMETERS.fullmatch(parameters)):
            return None
        return host

    def check_transaction(self) -> None:
        """What tells transactions apart (RFC 3261 17.2.3) can be read. Raises MessageError: topmost Via, CSeq."""
        if self.plain_via_host is None:
            _ = self.via
        _ = self.cseq

    @lazy
    def content_length(self) -> int | None:
        """None when absent. Raises MessageError when it is no number or two differ (request smuggling)."""
        numbers = self.index.get("content-length")
        if numbers is None:
            return None
        length = _length(self.lines[numbers[0]])
        if length is None or (len(numbers) > 1 and len(set(map(self.value, numbers))) > 1):
            raise MessageError("Content-Length is not one whole number", header="Content-Length")
        return length

    def to_bytes(self) -> bytes:
        return self.head + self.body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.head == other.head and self.body == other.body

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Message {self.start_line[:60]!r}, {len(self.head) + len(self.body)} bytes>"


def value_of(line: bytes) -> str:
    """The value of a header line, unfolded and stripped."""
    raw = line.partition(b":")[2]
    if LF in raw:
        raw = b" ".join(part.strip() for part in raw.split(b"\r\n"))
    return raw.strip().decode("utf-8", "surrogateescape")


def parse_message(data: bytes, like: HeaderIndex | None = None) -> Message:
    """A whole message in one piece: everything after the empty line is the body. ``like``: see Message.

    Raises MessageError.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        raise MessageError("the header section has no empty line at its end")
    return Message(data[: end + 4], data[end + 4 :], like)


def _split_lines(head: bytes) -> list[bytes]:
    """Folded ones are still cut."""
    if not head.endswith(b"\r\n\r\n"):
        raise MessageError("the header section has no empty line at its end")
    lines = head[:-4].split(b"\r\n")
    # A lone CR or LF would end a line for one parser and not for the next one.
    text = b"".join(lines)
    if LF in text or CR in text:
        raise MessageError("a line ends with CR or LF alone instead of CRLF")
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
        return _remembered_status_line(line) if len(line) <= SHORT else _status_line(line)
    parts = line.split(b" ")
    if len(parts) != 3:
        raise MessageError("the request line is not METHOD, URI and version with one blank between", line=1)
    method, uri, version = parts
    known = KNOWN_METHODS.get(method)
    if known is None and (not method or not TOKEN_CHARACTERS.issuperset(method)):
        raise MessageError("the method is not a token", line=1, column=1)
    if version != VERSION and version.upper() != VERSION:
        is_sip = version[:4].upper() == b"SIP/"
        raise MessageError("the version is not SIP/2.0", status=505 if is_sip else 400, line=1, column=len(line) - 6)
    if not uri:
        raise MessageError("the Request-URI is empty", line=1, column=len(method) + 2)
    return known or method.decode("ascii"), uri.decode("utf-8", "surrogateescape"), 0, ""


def _status_line(line: bytes) -> tuple[str, str, int, str]:
    version, _, rest = line.partition(b" ")
    code, _, reason = rest.partition(b" ")
    if version.upper() != VERSION:
        raise MessageError("the version of a response is not SIP/2.0", line=1, column=1)
    if len(code) != 3 or not code.isdigit() or not 100 <= int(code) <= 699:
        raise MessageError("the status code is not a number from 100 to 699", line=1, column=9)
    return "", "", int(code), reason.decode("utf-8", "replace")


_remembered_status_line = lru_cache(maxsize=256)(_status_line)


def plain_sent_by(front: bytes) -> str | None:
    """The host of a Via line up to its parameters, lower case; None where it is not in the usual form."""
    return _remembered_sent_by(front) if len(front) <= SHORT else _plain_sent_by(front)


def _plain_sent_by(front: bytes) -> str | None:
    plain = _PLAIN_SENT_BY.fullmatch(front)
    return None if plain is None else plain[1].decode().lower()


_remembered_sent_by = lru_cache(maxsize=1024)(_plain_sent_by)


def _length(line: bytes) -> int | None:
    """A Content-Length line's number, None where it is none."""
    return _remembered_length(line) if len(line) <= SHORT else _read_length(line)


def _read_length(line: bytes) -> int | None:
    value = value_of(line)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 10 else None


_remembered_length = lru_cache(maxsize=1024)(_read_length)


def _cseq(line: bytes) -> tuple[int, str]:
    return _remembered_cseq(line) if len(line) <= SHORT else _read_cseq(line)


def _read_cseq(line: bytes) -> tuple[int, str]:
    found = _CSEQ.fullmatch(value_of(line))
    if found is None or int(found[1]) > MAX_CSEQ:
        raise MessageError("CSeq is not a number below 2**31 and a method", header="CSeq")
    return int(found[1]), found[2]


_remembered_cseq = lru_cache(maxsize=1024)(_read_cseq)


def _indexed(lines: list[bytes]) -> tuple[list[bytes], HeaderIndex]:
    """Whole lines, and their numbers by header. Messages with the same names in the same order share one index."""
    names = _names(lines)
    key = _key(names)
    index = SHARED.get(key)
    if index is None:  # a line that begins with a blank has no name that could be shared
        if any(line[:1] in (b" ", b"\t") for line in lines[1:]):
            lines = list(_unfolded(lines))
            names = _names(lines)
            key = _key(names)
        index = _index_of(names)
        if len(names) <= MAX_SHARED_LINES and len(key) <= MAX_SHARED_NAMES:
            if len(SHARED) >= MAX_SHARED:
                SHARED.clear()
            SHARED[key] = index
    return lines, index


def _key(names: list[bytes]) -> bytes:
    """Of SHARED: no line holds a line break."""
    return b"\n".join([b"", *names])


def _names(lines: list[bytes]) -> list[bytes]:
    """With their colons, so that a line without one shows as an empty name."""
    return [line[: line.find(b":") + 1] for line in lines[1:]]


def _index_of(names: list[bytes]) -> HeaderIndex:
    index: dict[str, list[int]] = {}
    for number, raw in enumerate(names, 1):
        if not raw:
            raise MessageError(f"header line {number} has no colon", line=number + 1)
        try:
            name = canonical_name(raw[:-1])
        except MessageError as error:
            raise MessageError(error.reason, line=number + 1, column=1) from None
        index.setdefault(name, []).append(number)
    return HeaderIndex(tuple(names), {name: tuple(numbers) for name, numbers in index.items()})
