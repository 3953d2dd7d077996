"""TCP segments of one direction put in order again: overlap, repetition, reordering, wrap-around, gaps.

The stream is taken up wherever the capture begins. What comes in order goes on at once; what comes early waits. When
too much waits, or it has waited too long, the missing bytes were lost by the capture: the stream goes on behind them,
and whoever reads it is told how many were lost.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

MASK = 0xFFFFFFFF
WINDOW = 1 << 24
"""A segment further away than this belongs to another connection with the same addresses and ports."""
MAX_WAITING_BYTES = 1 << 20
MAX_WAITING = 1024
SEGMENT_COST = 300
"""Bytes of memory that a waiting segment takes besides its data."""
JOIN_WINDOW = 1 << 16
JOIN_PATIENCE = 3
"""Segments of a stream without a beginning that are looked at before it is begun with the first of them."""
JOIN_WAIT = 3.0
"""Seconds by the clock of the capture after which it is begun even with fewer."""
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
"""Said between two deliveries: how many bytes are missing, position of the packet that told."""


class Restart(Protocol):
    """Said between two deliveries: another connection begins, or is taken up in the middle; position of the packet that
    told."""

    def __call__(self, position: int, /, *, from_beginning: bool) -> None: ...


class Stream:
    """One direction of one connection.

    Places in the stream are sequence numbers that do not wrap around, so that they can be compared.
    """

    __slots__ = (
        "_announce", "_begun", "_deliver", "_ended", "_expected", "_initial", "_joining", "_lose", "_places",
        "_waiting", "waiting_bytes",
    )  # fmt: skip

    def __init__(self, deliver: Deliver, lose: Lose, restart: Restart) -> None:
        self._deliver, self._lose, self._announce = deliver, lose, restart
        self._expected: int | None = None
        self._initial = 0
        """Sequence number of the first byte, or of the first one that was seen."""
        self._begun = False
        """A SYN said where the data begin."""
        self._joining = 0
        self._ended = False
        self._waiting: dict[int, Segment] = {}
        self._places: list[int] = []
        """A heap of the places of what waits."""
        self.waiting_bytes = 0

    def begin(self, sequence: int, position: int) -> None:
        """A SYN: data begin at ``sequence`` + 1. A repeated one, with the same number, changes nothing; any other
        begins another connection (RFC 9293 3.6.1)."""
        following = (sequence + 1) & MASK
        if self._expected is None:
            self._start(following)
        elif self._joining:
            self._begin_joining(self._expected, following, position)
        elif self._ended or not self._is_initial(following):
            self._restart(following, position, from_beginning=True)
        self._begun = True

    def _begin_joining(self, expected: int, following: int, position: int) -> None:
        """The SYN comes late, unless what was seen lies before it."""
        place = expected + ((following - expected) & MASK)
        if self._places and place > self._places[0]:
            self._restart(following, position, from_beginning=True)
            return
        self._joining = 0
        self._initial, self._expected = following, place
        self._drain()

    def _is_initial(self, following: int) -> bool:
        """Whether data of this connection begin there; where no SYN was seen it may be a little before the first."""
        before = (self._initial - following) & MASK
        if before and not self._begun and before <= JOIN_WINDOW:
            self._initial = following
            return True
        return before == 0

    def end(self) -> None:
        """A FIN or RST: the next SYN begins another connection, whatever its sequence number."""
        self._ended = True

    def _restart(self, sequence: int, position: int, *, from_beginning: bool) -> None:
        """Another connection with the same addresses and ports."""
        self.give_up()
        self._announce(position, from_beginning=from_beginning)
        self._start(sequence)

    def _start(self, sequence: int) -> None:
        self._expected = self._initial = sequence
        self._begun = self._ended = False

    @property
    def fresh(self) -> bool:
        """Neither a SYN nor data were seen."""
        return self._expected is None

    def join(self, sequence: int) -> None:
        """The capture begins inside the stream, perhaps with segments out of order: a few may turn up that come
        before ``sequence``."""
        self._start(sequence)
        self._expected = sequence - JOIN_WINDOW
        self._joining = JOIN_PATIENCE

    def segment(self, sequence: int, data: bytes, length: int, time: float, position: int) -> None:
        """``length`` bytes at ``sequence``, of which ``data`` were captured."""
        expected = self._expected
        if expected is None:
            self._start(sequence)
            expected = sequence
        ahead = (sequence - expected) & MASK
        if ahead == 0:
            self._expected = expected + length
            self._deliver(data, time, position)
            if len(data) < length:
                self._lose(length - len(data), position)
        elif ahead > MASK - WINDOW:
            self._late(MASK + 1 - ahead, data, length, time, position)
        elif ahead < WINDOW:
            self._early(expected + ahead, Segment(data, length, time, position))
        else:
            self._restart(sequence, position, from_beginning=False)
            self._late(0, data, length, time, position)
        if self._waiting:
            self._drain()
            self._relieve(time)

    def passes(self, sequence: int, length: int) -> bool:
        """Whether ``length`` bytes at ``sequence`` come in order while nothing waits. Then they are counted, and who
        asked delivers them."""
        expected = self._expected
        if expected is None or self._waiting or (sequence - expected) & MASK:
            return False
        self._expected = expected + length
        return True

    def give_up(self) -> None:
        """Deliver what waits, gaps and all: the trace or the connection has ended."""
        self.settle()
        while self._places:
            self._skip_gap()

    def settle(self) -> None:
        """Nothing that comes before what was seen first will turn up any more."""
        if self._joining:
            self._joining = 0
            if self._places:
                self._expected = self._places[0]
                self._initial = self._expected & MASK
                self._drain()

    def _late(self, known: int, data: bytes, length: int, time: float, position: int) -> None:
        """The first ``known`` bytes were delivered before: what came first counts."""
        if known >= length:
            return
        data, length = data[known:], length - known
        self._expected = (self._expected or 0) + length
        if data:
            self._deliver(data, time, position)
        if len(data) < length:
            self._lose(length - len(data), position)

    def _early(self, place: int, segment: Segment) -> None:
        known = self._waiting.get(place)
        if known is None:
            heappush(self._places, place)
            self.waiting_bytes += len(segment.data) + SEGMENT_COST
        elif len(known.data) < len(segment.data):
            self.waiting_bytes += len(segment.data) - len(known.data)
        else:
            return
        self._waiting[place] = segment

    def _relieve(self, now: float) -> None:
        """Step over gaps that will not be filled any more."""
        if self._joining and self._places:
            if self._joining > 1 and abs(now - self._waiting[self._places[0]].time) < JOIN_WAIT:
                self._joining -= 1
                return
            self.settle()
        if len(self._waiting) > MAX_WAITING or self.waiting_bytes > MAX_WAITING_BYTES:
            # Down to the half: to make room for one would have to be done again for the next one.
            while len(self._waiting) > MAX_WAITING // 2 or self.waiting_bytes > MAX_WAITING_BYTES // 2:
                self._skip_gap()
        while self._places and abs(now - self._waiting[self._places[0]].time) >= MAX_WAIT:
            self._skip_gap()

    def _skip_gap(self) -> None:
        nearest = self._places[0]
        self._lose(nearest - (self._expected or 0), self._waiting[nearest].position)
        self._expected = nearest
        self._drain()

    def _drain(self) -> None:
        """Deliver what is in order now."""
        places = self._places
        while places and places[0] <= (expected := self._expected or 0):
            place = heappop(places)
            segment = self._waiting.pop(place)
            self.waiting_bytes -= len(segment.data) + SEGMENT_COST
            self._late(expected - place, *segment)
