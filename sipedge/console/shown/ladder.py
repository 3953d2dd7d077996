"""The messages of one Call-ID, drawn, from the edge's own file of messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from time import monotonic

from markupsafe import Markup

from sipedge.traces.formats.edge_log import read
from sipedge.traces.ladder.drawing import svg
from sipedge.traces.ladder.flow import Parties, flow, gathered, sighting
from sipedge.traces.ladder.hops import local_ends
from sipedge.traces.records.record import Record

PATIENCE = 10.0
"""Seconds of looking; the newest file first."""
PIECE = 1 << 20
MOST = 500
"""Messages."""
COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Ladder:
    picture: Markup
    messages: tuple[tuple[str, str], ...]
    """(what it is in a line, its text), in the order of time."""
    whole: bool
    """False where looking took too long, or there are more messages."""


def ladder_of(path: str, rotated: int, call_id: str) -> Ladder | None:
    """``path``: the file of messages, of which ``rotated`` were put aside. None where there is none. It blocks."""
    needle = json.dumps(call_id)[1:-1].encode()
    lines, end = list[bytes](), monotonic() + PATIENCE
    for name in (path, *(f"{path}.{number}" for number in range(1, rotated + 1))):
        with suppress(FileNotFoundError):
            lines += _lines(name, needle, end)
        if len(lines) > MOST or monotonic() > end:
            break
    whole = len(lines) <= MOST and monotonic() <= end
    items = read(BytesIO(b"".join(lines[:MOST])), path)
    records = [item for item in items if isinstance(item, Record)]
    seen = [one for number, record in enumerate(records, 1) if (one := sighting(number, record)).call_id == call_id]
    if not seen:
        return None
    seen.sort(key=lambda one: one.record.time or 0.0)
    parties = Parties(seen, local_ends(seen))
    drawn, columns = gathered(list(flow(seen, parties, lambda _: "", {})), list(parties.columns), COLUMNS)
    texts = tuple((f"{one.index} {one.start_line}", one.record.data.decode("utf-8", "replace")) for one in seen)
    return Ladder(Markup(svg(drawn, columns)), texts, whole)


def _lines(name: str, needle: bytes, end: float) -> Iterator[bytes]:
    """Those that hold it; most pieces of a file do not, and are passed over whole."""
    with open(name, "rb") as file:
        rest = b""
        while piece := file.read(PIECE):
            head, line_end, tail = (rest + piece).rpartition(b"\n")
            rest = tail
            if needle in head:
                yield from (line + b"\n" for line in head.split(b"\n") if needle in line)
            if monotonic() > end:
                return
