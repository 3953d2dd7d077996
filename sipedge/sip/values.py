"""Header values: lists, parameters, addresses, Via (RFC 3261 7.3.1, 20.10, 20.42)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .uri import LONGEST_REMEMBERED, UriError, split_host_port


class MessageError(ValueError):
    """Bytes that are no SIP message. ``status``: what a request gets; ``header``, ``line``, ``column``: where."""

    def __init__(self, reason: str, *, status: int = 400, header: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.status, self.header, self.line, self.column = reason, status, header, line, column


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


def uri_of(value: str) -> str:
    """The URI of a From value: what ``parse_address`` finds, without a look at the tag, which is another each time."""
    value = value.strip()
    start = _bracket(value)
    if start < 0:
        return parse_address(value).uri
    end = value.find(">", start)
    return value[start + 1 : end if end >= 0 else len(value)].strip()


def tag_of(value: str) -> str | None:
    """The tag of a From or To value: what ``parse_address`` finds, sooner in the usual form ``... <uri>;tag=x``."""
    _, bracket, parameters = value.partition(">")
    if not bracket or ">" in parameters or '"' in parameters:
        return parse_address(value).parameter("tag")
    return _lookup(split_parameters(parameters), "tag") if parameters else None


def _bracket(value: str) -> int:
    """Position of the ``<`` that opens the URI, outside a quoted display name; -1 when there is none."""
    if not value.startswith('"'):
        bracket = value.find("<")
        return bracket if '"' not in value[: max(bracket, 0)] else -1  # sip:a@b;+sip.instance="<urn:x>"
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
    if not host:
        raise MessageError(f"Via {value[:60]!r} names no host", header="Via")
    return Via(pieces[0].upper(), host, port, split_parameters(rest))
