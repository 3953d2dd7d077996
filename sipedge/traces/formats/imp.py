"""Cisco IM and Presence: the trace of its SIP proxy (epas/trace/esp/sdi/esp*.log).

The start line stands behind the port without a blank (``Received 536 bytes TCP packet from 10.0.0.1:34282SUBSCRIBE``);
lines may end in ``^M`` written out, and the trace's own lines begin with the time of day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import DayClock, day_of, time_of_day
from sipedge.traces.records.places import endpoint_of
from sipedge.traces.records.rebuild import rebuilt
from sipedge.traces.records.record import Direction, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import HEAD, ByteStream, Rejoined
from sipedge.traces.records.text import Block, as_text, opening, read_records

from .plain import loose

_OPENING = re.compile(
    rb"^[^\n]{0,200}?(Received|Sen[a-z]+) (\d+) bytes? ?([A-Za-z]+) packet (?:from|to) "
    rb"(\[[0-9A-Fa-f:.]+\]|[\w.-]+|[0-9A-Fa-f:]+):(\d{1,5}?)\s*(?=[A-Z]{3,32} sips?:|SIP/2\.0)",
    re.MULTILINE,
)
_BOUNDARY = re.compile(
    rb"\n ?(?=\d?\d:\d\d(?::\d\d)?\.\d{3} \||\[?[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\])"
)
_CARET_M = re.compile(rb"\^M *$", re.MULTILINE)


def detect(head: bytes) -> int:
    text = as_text(head)
    if _OPENING.search(text):
        return 89
    return 40 if b"sip_protocol.c(" in text or b"mod_sip_routing.c(" in text else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    head = stream.read(HEAD)
    clock = DayClock(day_of(as_text(head)))

    def parse(block: Block) -> Iterator[Item]:
        return _parse(block, clock)

    return read_records(Rejoined(head, stream), file, opening(_OPENING), _BOUNDARY, parse, loose)


def _parse(block: Block, clock: DayClock) -> Iterator[Item]:
    match = _OPENING.match(block.text)
    assert match is not None
    data = rebuilt(_CARET_M.sub(b"", block.text[match.end() :]))
    if data is None:
        yield Skipped(block.file, block.position, "there is no start line behind the address")
        return
    peer = endpoint_of(match[4], match[5])
    sent = match[1] != b"Received"
    time = time_of_day(block.text[: match.start(1)])
    yield Record(
        None if time is None else clock.at(time),
        Direction.SENT if sent else Direction.RECEIVED,
        None if sent else peer,
        peer if sent else None,
        transport_named(match[3].decode()),
        data,
        False,
        block.file,
        block.position,
    )
