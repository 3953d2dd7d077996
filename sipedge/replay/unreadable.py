"""Headers that the edge's strict parser refuses with 400 before anything is decided, as far as it is certain.

The edge asks pjsip, of which a process can have one, and which takes a third of a second to start. A replay has this
instead: what is missing, empty, twice there or without any URI. tests/e2e/test_odd_requests.py compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sipedge.sip.message import Message, plain_sent_by
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_via, split_commas

REQUIRED = ("via", "from", "to", "call-id", "cseq")
SINGLE = ("from", "to", "call-id", "cseq", "max-forwards")
_SCHEME = rb"[A-Za-z][A-Za-z0-9.+-]*:"
_NAME_ADDR = re.compile(rb'\s*(?:"(?:[^"\\]|\\.)*"|[^"<]*)\s*<\s*' + _SCHEME + rb"[^>\s]+", re.DOTALL)
_ADDR_SPEC = re.compile(rb"\s*" + _SCHEME + rb"\S")


def unreadable(message: Message) -> str:
    """The name of a header, or "Request-URI", that cannot be read; '' where none is known."""
    index = message.index
    if (names := index.memo.get(unreadable)) is None:  # the names alone decide it, and most messages share theirs
        missing = [name for name in REQUIRED if name not in index]
        names = missing + [name for name in SINGLE if len(index.get(name, ())) > 1]
        index.memo[unreadable] = names
    if names:
        return str(names[0])
    if not _is_request_uri(message.uri):
        return "Request-URI"
    return next((name for name, reads in _CHECKS if name in index and not reads(message, name)), "")


def _is_request_uri(uri: str) -> bool:
    if not uri.lower().startswith(("sip:", "sips:")):
        return True  # the edge shows pjsip another one, and the core judges this one
    try:
        parse_uri(uri)
    except UriError:
        return False
    return True


def _reads_via(message: Message, name: str) -> bool:
    lines = [message.lines[number] for number in message.index[name]]
    if all(b"," not in line and plain_sent_by(line.partition(b";")[0]) is not None for line in lines):
        return True  # nothing in the parameters is refused
    try:
        for line in message.values(name):
            items = split_commas(line)
            if not items:
                return False
            for item in items:
                parse_via(item)
    except MessageError:
        return False
    return True


def _reads_cseq(message: Message, name: str) -> bool:
    try:
        return message.cseq[1] == message.method
    except MessageError:
        return False


def _reads_party(message: Message, name: str) -> bool:
    return _has_uri(_raw(message, message.index[name][0]))


def _has_uri(value: bytes) -> bool:
    return (_NAME_ADDR if b"<" in value else _ADDR_SPEC).match(value) is not None


def _reads_call_id(message: Message, name: str) -> bool:
    return bool(_raw(message, message.index[name][0]).strip())


def _reads_number(message: Message, name: str) -> bool:
    return _raw(message, message.index[name][0]).strip().isdigit()


def _reads_routes(message: Message, name: str) -> bool:
    for line in message.values(name):
        items = split_commas(line)
        if not items or not all(_has_uri(item.encode("utf-8", "surrogateescape")) for item in items):
            return False
    return True


def _raw(message: Message, number: int) -> bytes:
    return message.lines[number].partition(b":")[2]


_CHECKS: tuple[tuple[str, Callable[[Message, str], bool]], ...] = (
    ("via", _reads_via),
    ("from", _reads_party),
    ("to", _reads_party),
    ("call-id", _reads_call_id),
    ("cseq", _reads_cseq),
    ("max-forwards", _reads_number),
    ("route", _reads_routes),
    ("record-route", _reads_routes),
)
