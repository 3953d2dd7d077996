"""TCP segments of one direction put in order again: overlap, repetition, reordering, wrap-around, gaps.

The stream is taken up wherever the capture begins. What comes in order goes on at once; what comes early waits. When
too much waits, or it has waited too long, the missing bytes were lost by the capture: the stream goes on behind them,
and whoever reads it is told how many were lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

MASK = 0xFFFFFFFF
WINDOW = 1 << 24
"""A segment further away than this belongs to another connection with the same addresses and ports."""
MAX_WAITING_BYTES = 1 << 20
MAX_WAITING = 1024
JOIN_WINDOW = 1 << 16
JOIN_PATIENCE = 3
"""Segments of a stream without a beginning that are looked at before it is begun with the first of them."""
MAX_WAIT = 30.0
"""Seconds by the clock of the capture, longer than retransmissions take."""


class Segment(NamedTuple):
    """Bytes that wait for those before them. ``length`` is more than ``data`` has where the snaplen cut."""

    data: bytes
    length: int
    time: float
    position: int


Deliver = Callable[[bytes, float, int], None]
"""In order: bytes, time and position of the packet they came in."""
Lose = Callable[[int, int], None]
"""Said between two deliveries: how many bytes are missing (-1: unknown), position of the packet that told."""


class Stream:
    """One direction of one connection."""

    __slots__ = ("_deliver", "_drained", "_ended", "_expected", "_joining", "_lose", "_waiting", "waiting_bytes")

    def __init__(self, deliver: Deliver, lose: Lose) -> None:
        self._deliver, self._lose = deliver, lose
        self._expected: int | None = None
        self._drained: int | None = None
        self._joining = 0
        self._ended = False
        self._waiting: dict[int, Segment] = {}
        self.waiting_bytes = 0

    def begin(self, sequence: int, position: int) -> None:
        """A SYN: data begin at ``sequence`` + 1. A repeated one changes nothing."""
        following = (sequence + 1) & MASK
        if self._joining:  # it comes late
            self._joining = 0
            self._expected = following
            self._drain()
        elif self._expected is None:
            self._expected = following
        elif self._ended or (self._expected - following) & MASK >= WINDOW:
            self._restart(following, position)

    def end(self) -> None:
        """A FIN or RST: the next SYN begins another connection, whatever its sequence number."""
        self._ended = True

    def _restart(self, sequence: int, position: int) -> None:
        """Another connection with the same addresses and ports, or the first segment of this one."""
        if self._expected is not None:
            self.give_up()
            self._lose(-1, position)
        self._expected = sequence
        self._ended = False

    @property
    def fresh(self) -> bool:
        """Neither a SYN nor data were seen."""
        return self._expected is None

    def join(self, sequence: int) -> None:
        """The capture begins inside the stream, perhaps with segments out of order: a few may turn up that come
        before ``sequence``."""
        self._expected = (sequence - JOIN_WINDOW) & MASK
        self._joining = JOIN_PATIENCE

    def segment(self, sequence: int, data: bytes, length: int, time: float, position: int) -> None:
        """``length`` bytes at ``sequence``, of which ``data`` were captured."""
        expected = self._expected
        ahead = (sequence - expected) & MASK if expected is not None else WINDOW
        if ahead == 0:
            self._expected = (sequence + length) & MASK
            self._deliver(data, time, position)
            if len(data) < length:
                self._lose(length - len(data), position)
        elif ahead > MASK - WINDOW:
            self._late(MASK + 1 - ahead, data, length, time, position)
        elif ahead < WINDOW:
            self._early(sequence, Segment(data, length, time, position))
        else:
            self._restart(sequence, position)
            self._take(data, length, time, position)
        if self._waiting:
            self._drain()
            self._skip_gaps(time)

    def give_up(self) -> None:
        """Deliver what waits, gaps and all: the trace or the connection has ended."""
        if self._joining:
            self._joining = 0
            self._join()
        while self._waiting:
            self._skip_gap()

    def _take(self, data: bytes, length: int, time: float, position: int) -> None:
        assert self._expected is not None
        self._expected = (self._expected + length) & MASK
        if data:
            self._deliver(data, time, position)
        if len(data) < length:
            self._lose(length - len(data), position)

    def _late(self, known: int, data: bytes, length: int, time: float, position: int) -> None:
        """The first ``known`` bytes were delivered before: what came first counts."""
        if known < length:
            self._take(data[known:], length - known, time, position)

    def _early(self, sequence: int, segment: Segment) -> None:
        known = self._waiting.get(sequence)
        if known is None or len(known.data) < len(segment.data):
            self.waiting_bytes += len(segment.data) - (len(known.data) if known else 0)
            self._waiting[sequence] = segment

    def _skip_gaps(self, now: float) -> None:
        """Step over gaps that will not be filled any more."""
        if self._joining:
            self._joining -= 1
            if not self._joining:
                self._join()
        while self._waiting:
            oldest = next(iter(self._waiting.values()))
            full = len(self._waiting) > MAX_WAITING or self.waiting_bytes > MAX_WAITING_BYTES
            if not full and abs(now - oldest.time) < MAX_WAIT:
                return
            self._skip_gap()

    def _skip_gap(self) -> None:
        nearest = self._nearest()
        self._lose((nearest - cast(int, self._expected)) & MASK, self._waiting[nearest].position)
        self._expected = nearest
        self._drain()

    def _join(self) -> None:
        if self._waiting:
            self._expected = self._nearest()
            self._drain()

    def _nearest(self) -> int:
        expected = cast(int, self._expected)
        return min(self._waiting, key=lambda sequence: (sequence - expected) & MASK)

    def _drain(self) -> None:
        """Deliver what is in order now. Only where that is something, those that overlap it are looked for."""
        expected = self._expected
        while (segment := self._waiting.pop(cast(int, self._expected), None)) is not None:
            self.waiting_bytes -= len(segment.data)
            self._take(*segment)
        if self._expected == self._drained:
            return
        self._drained = self._expected
        for sequence in list(self._waiting):
            known = (cast(int, self._expected) - sequence) & MASK
            if known < WINDOW:
                segment = self._waiting.pop(sequence)
                self.waiting_bytes -= len(segment.data)
                self._late(known, *segment)
        if self._expected != expected:
            self._drain()
