"""Cisco CUCM: SDL traces (and the SDI traces before version 9) with SIPTcp and SIPUdp messages.

A message stands below ``Incoming SIP TCP message from ...`` or ``Outgoing SIP TCP message to ...`` and an optional
``[number,NET]`` line, and ends where the next line of the trace begins: byte counts and Content-Length do not fit in
published traces. The lines of SDL have no date; the first one found in the file is the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import DayClock, day_of, moment, time_of_day
from sipedge.traces.records.places import endpoint_of
from sipedge.traces.records.rebuild import rebuilt
from sipedge.traces.records.record import Direction, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import HEAD, ByteStream, Rejoined
from sipedge.traces.records.text import Block, as_text, opening, read_records

from .plain import loose

_LINE = rb"\d{8}\.\d{3} \||\d\d/\d\d/\d{4} \d\d:\d\d:\d\d\.\d+ "
_OPENING = re.compile(
    rb"^[^\n]{0,200}?(Incoming|Outgoing) SIP ([A-Z]+) message (?:size \d+ )?(?:from|to) "
    rb"(?P<host>\[?[0-9A-Fa-f.:]+?\]?)(?: on port (?P<port>\d{1,5})|:\[?(?P<port2>\d{1,5})\]?)[^\n]*\n",
    re.MULTILINE,
)
_BOUNDARY = re.compile(rb"\n(?=" + _LINE + rb")")
_MESSAGE_ID = re.compile(rb"\s*\[[\d,]+ ?, ?NET\]\s*")


def detect(head: bytes) -> int:
    text = as_text(head)
    if _OPENING.search(text):
        return 90
    return 60 if re.match(rb"[^\n]{0,200}\n?(?:\d{8}\.\d{3} \|)", text) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    head = stream.read(HEAD)
    clock = DayClock(day_of(as_text(head)))

    def parse(block: Block) -> Iterator[Item]:
        return _parse(block, clock)

    return read_records(Rejoined(head, stream), file, opening(_OPENING), _BOUNDARY, parse, loose)


def _parse(block: Block, clock: DayClock) -> Iterator[Item]:
    match = _OPENING.match(block.text)
    assert match is not None
    text = block.text[match.end() :]
    if mark := _MESSAGE_ID.match(text):
        text = text[mark.end() :]
    data = rebuilt(text)
    if data is None:
        if text.strip():
            yield Skipped(block.file, block.position, f"there is no start line below {match[1].decode()} SIP message")
        return
    peer = endpoint_of(match["host"], match["port"] or match["port2"])
    sent = match[1] == b"Outgoing"
    yield Record(
        _time(match[0], clock),
        Direction.SENT if sent else Direction.RECEIVED,
        None if sent else peer,
        peer if sent else None,
        transport_named(match[2].decode()),
        data,
        False,
        block.file,
        block.position,
    )


def _time(line: bytes, clock: DayClock) -> float | None:
    if (whole := moment(line)) is not None:
        return whole
    time = time_of_day(line)
    return None if time is None else clock.at(time)
