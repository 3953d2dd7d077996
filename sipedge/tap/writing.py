"""Decisions as lines of ``[log] decisions``: one JSON object for each request that has its final status.

Lines are made in the event loop: a thread that made them would take the interpreter away from it, again and again,
which costs more than it spares. What went the short way has its lines made in C, many at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sipedge.native import library
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Entry, entry_of, hop_text, party_text
from sipedge.remembered.native import ways
from sipedge.remembered.native.ways import Ways
from sipedge.remembered.record import Record
from zones.zone import Hop

from .items import record_text

KEPT = 1024
"""Connections whose text is kept."""


class Writing:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._native = _load()
        self._parties: dict[int, tuple[ConnectionOpened, str]] = {}

    def line(self, entry: Entry, sequence: int) -> bytes:
        return f"{record_text(entry, sequence, self._party(entry.opened))}\n".encode("ascii")

    def lines(self, records: Sequence[Record], first: int) -> bytes:
        """``first``: the sequence number of the first one. Each record has its answer."""
        if self._native is None:
            return b"".join(self._line_of(record, number) for number, record in enumerate(records, first))
        return self._native.lines(list(records), first, _way_texts, _hop_text, _party_text, self._line_of)

    def forget(self) -> None:
        """Texts of hops and connections."""
        self._parties.clear()
        if self._native is not None:
            self._native.forget_lines()

    def _line_of(self, record: Record, number: int) -> bytes:
        return self.line(entry_of(record), number)

    def _party(self, opened: ConnectionOpened) -> str:
        kept = self._parties.get(opened.connection)
        if kept is None or kept[0] is not opened:
            if len(self._parties) >= KEPT:
                self._parties.clear()
            kept = self._parties[opened.connection] = opened, party_text(opened)
        return kept[1]


def _way_texts(record: Record) -> tuple[bytes, bytes, bytes]:
    """Of all requests that go the same way; see native/lines.h."""
    entry = entry_of(record)
    texts = f',"revision":"{entry.revision}",', f",{entry.place_text()}", f',{entry.decided_text()},"hops":['
    before, between, decided = (text.encode("ascii") for text in texts)
    return before, between, decided


def _hop_text(hop: Hop) -> bytes:
    return hop_text(hop).encode("ascii")


def _party_text(opened: ConnectionOpened) -> bytes:
    return party_text(opened).encode("ascii")


def _load() -> Ways | None:
    try:
        return ways.load()
    except library.Unusable:
        return None
