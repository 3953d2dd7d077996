"""Text saved by sngrep: a line with time and addresses, the message as it was, an empty line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.places import endpoint_of
from sipedge.traces.records.rebuild import rebuilt, split, transport_of
from sipedge.traces.records.record import Direction, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, opening, read_records

from .plain import loose

_LINE = (
    rb"(?:(?P<transport>UDP|TCP|TLS|WSS?|SCTP) )?(?P<time>\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?) +"
    rb"(?P<source>\S{2,64}):(?P<from>\d{1,5}) -> (?P<destination>\S{2,64}):(?P<to>\d{1,5})"
    rb"(?: \(?(?P<after>UDP|TCP|TLS|WSS?)\)?)?[ \t]*\r?\n"
)
_OPENING = re.compile(rb"^" + _LINE, re.MULTILINE)
_BOUNDARY = re.compile(rb"\n(?=" + _LINE + rb")")


def detect(head: bytes) -> int:
    return 85 if _OPENING.search(as_text(head)) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, opening(_OPENING), _BOUNDARY, _parse, loose)


def _parse(block: Block) -> Iterator[Item]:
    match = _OPENING.match(block.text)
    assert match is not None
    text = block.text[match.end() :]
    exact = b"\r\n\r\n" in text
    whole = next(split(text), None) if exact else rebuilt(text)
    if whole is None:
        if text.strip():
            yield Skipped(block.file, block.position, "there is no start line below the addresses")
        return
    transport = transport_named((match["transport"] or match["after"] or b"").decode()) or transport_of(whole)
    yield Record(
        moment(match["time"]),
        Direction.UNKNOWN,
        endpoint_of(match["source"], match["from"]),
        endpoint_of(match["destination"], match["to"]),
        transport,
        whole,
        exact,
        block.file,
        block.position,
    )
