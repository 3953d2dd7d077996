"""Decisions as lines of ``[log] decisions``: one JSON object for each request that has its final status.

Lines are made in the event loop: a thread that made them would take the interpreter away from it, again and again,
which costs more than it spares. What went the short way has its lines made in C, many at once.
"""

from __future__ import annotations

import struct
from collections import deque

from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Entry, Piece, entry_of, hop_text, joined, json_text, party_text
from sipedge.remembered.native.ways import Records, Ways, perhaps
from sipedge.remembered.record import HEAD, Record
from sipedge.sip.message import Message
from zones.zone import Hop

from .items import PAGE, SPARE, Lines, record_pieces
from .worker import Worker

KEPT = 1024
"""Connections whose text is kept."""
USUAL = 4096
"""Bytes that lines seldom exceed."""


class Writing:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._native = perhaps()
        self._texts = _way_texts, _hop_text, _party_text, self._line_of
        self._parties: dict[int, tuple[ConnectionOpened, str]] = {}
        self._spare: deque[bytearray] = deque(maxlen=SPARE)

    def line(self, entry: Entry, sequence: int) -> bytes:
        return joined(self._pieces(entry, sequence)).encode("ascii")

    def put(self, worker: Worker, entry: Entry, sequence: int) -> None:
        """Have its line written."""
        pieces = self._pieces(entry, sequence)
        if self._native is None or not self._put_pieces(self._native, worker, pieces, sequence):
            self._put(worker, joined(pieces).encode("ascii"), sequence)

    def _pieces(self, entry: Entry, sequence: int) -> list[Piece]:
        return record_pieces(entry, sequence, self._party(entry.opened), "\n")

    def _put_pieces(self, native: Ways, worker: Worker, pieces: list[Piece], number: int) -> bool:
        """False: there is no room for them on the page."""
        page = self._page(worker, USUAL)
        before = page.records
        try:
            used = native.line(pieces, page.space, page.used, json_text)
            if used is not None:
                page.used, page.records, page.last = used, before + 1, number
        finally:
            self._give(worker, page, before)
        return used is not None

    def put_all(self, worker: Worker, records: Records, first: int) -> None:
        """The same of records that have their answers. ``first``: the sequence number of the first one."""
        done, count = 0, len(records)
        while done < count:
            before = done
            if self._native is not None:
                done = self._put_natively(self._native, worker, records, done, first + done)
            if done == before:  # it is longer than most, or there is no C
                self._put(worker, self._line_of(records[done], first + done), first + done)
                done += 1

    def _put_natively(self, native: Ways, worker: Worker, records: Records, done: int, number: int) -> int:
        """As many as there is room for on one page; how many have their lines now."""
        page = self._page(worker, USUAL)
        before, begun = page.records, done
        try:
            done, page.used = native.lines(records, done, number, page.space, page.used, self._texts)
            if done > begun:
                page.records += done - begun
                page.last = number + done - begun - 1
        finally:
            self._give(worker, page, before)
        return done

    def _put(self, worker: Worker, line: bytes, number: int) -> None:
        page = self._page(worker, len(line))
        before = page.records
        page.space[page.used : page.used + len(line)] = line
        page.used += len(line)
        page.records += 1
        page.last = number
        self._give(worker, page, before)

    def _page(self, worker: Worker, room: int) -> Lines:
        """One with so much room; nobody else has it until it is given back."""
        page = worker.recall()
        assert page is None or type(page) is Lines
        if page is not None and page.used + room > len(page.space):
            worker.put_again(page)
            page = None
        return page or self._new(room)

    def _give(self, worker: Worker, page: Lines, before: int) -> None:
        """``before``: how many decisions were on it when the worker had it; 0: it is a new one."""
        if before:
            worker.put_again(page)
        elif not page.records or not worker.put(page):
            page.give_back()

    def _new(self, least: int) -> Lines:
        if least > PAGE:
            return Lines(bytearray(least))
        return Lines(self._spare.popleft() if self._spare else bytearray(PAGE), self._spare)

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


def _way_texts(record: Record) -> bytes:
    """Of all requests that go the same way; see native/lines.h."""
    entry, index = entry_of(record), Message(record[HEAD]).index
    texts = f',"revision":"{entry.revision}",', f",{entry.place_text()}", f',{entry.decided_text()},"hops":['
    values = bytes(index.get(name, (0,))[0] for name in ("from", "to", "call-id", "cseq"))
    return values + struct.pack("=3I", *map(len, texts)) + "".join(texts).encode("ascii")


def _hop_text(hop: Hop) -> bytes:
    return hop_text(hop).encode("ascii")


def _party_text(opened: ConnectionOpened) -> bytes:
    return party_text(opened).encode("ascii")
