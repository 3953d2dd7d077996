"""One large capture through all workers at the same time: each takes a share of its connections.

A share goes through the capture slice by slice, one task after the other, and takes its open connections along. A slice
is done when all shares have done it. So the results are those of a single reader, in its order, and memory does not
grow with the file.
"""

from __future__ import annotations

import pickle
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from itertools import chain
from sys import maxsize
from typing import TypeVar

from sipedge.traces.capture.capture import Reading, Slice, read_slice, slices
from sipedge.traces.capture.decryption import TlsSeen, decrypted
from sipedge.traces.records.record import Item, Record

from .cases import Classes
from .work import Batch, Part, Plans, Wanted, batches, decided, deciders_of

SLICE = 32 << 20
"""Bytes of the capture in one task."""
AHEAD = 3
"""Slices that one share may be ahead of the slowest one."""
Entry = TypeVar("Entry")


@dataclass(slots=True)
class Share:
    """The findings of one share in one slice."""

    part: Part
    places: array[int]
    """``Reading.at`` of each of its messages: where it stands among those of all shares."""
    reading: bytes
    """The reader that goes on with the next slice, pickled."""


def run_shares(plans: Plans, wanted: Wanted, trace: str, executor: Executor, workers: int) -> Iterator[Part]:
    """The parts of a capture in order; ends with the first one that has an error."""
    lanes = _Lanes(plans, wanted, trace, executor, workers)
    shares: list[Share] = []
    number = 0
    while lanes.has(number):
        lanes.advance(number + AHEAD)
        if not lanes.done:
            lanes.wait()
            continue
        shares = lanes.take()
        number += 1
        lanes.advance(number + AHEAD)  # while others look at this part
        part = together(trace, shares)
        yield part
        if part.error:
            return
    tls = TlsSeen()
    for share in shares:
        tls.add(pickle.loads(share.reading).tls)
    for batch in batches(trace, decrypted(trace, plans.keylog, tls)):
        yield decided(deciders_of(plans), wanted, batch)


def decide_slice(plans: Plans, wanted: Wanted, trace: str, part: Slice | None, reading: bytes) -> Share:
    """The next slice, in a worker. None: what is left when there is no more."""
    going_on: Reading = pickle.loads(reading)
    batch, places = Batch(trace), array("Q")
    items = going_on.end() if part is None else read_slice(going_on, trace, part)
    try:
        batch.take(_placed(going_on, items, places), maxsize)
    except OSError as error:
        batch.error = f"{trace}: cannot be read: {error.strerror}"
    batch.position = 0 if part is None else part.end
    return Share(decided(deciders_of(plans), wanted, batch), places, pickle.dumps(going_on))


def _placed(reading: Reading, items: Iterable[Item], places: array[int]) -> Iterator[Item]:
    """The items; the place of each message is added to ``places``."""
    for item in items:
        if isinstance(item, Record):
            places.append(reading.at)
        yield item


@dataclass(slots=True)
class _Lane:
    """One share on its way. ``number``: of the slice that comes next."""

    reading: bytes
    number: int = 0
    running: Future[Share] | None = None
    done: deque[Share] = field(default_factory=deque)


class _Lanes:
    def __init__(self, plans: Plans, wanted: Wanted, trace: str, executor: Executor, count: int) -> None:
        self._plans, self._wanted, self._trace, self._executor = plans, wanted, trace, executor
        self._lanes = [_Lane(pickle.dumps(Reading(trace, (number, count)))) for number in range(count)]
        self._coming: Iterator[Slice | None] = chain(slices(trace, SLICE), [None])
        self._slices: list[Slice | None] = []

    def has(self, number: int) -> bool:
        """Whether there is a slice of this number; the end is the last one."""
        while number >= len(self._slices):
            try:
                self._slices.append(next(self._coming))
            except StopIteration:
                return False
        return True

    def advance(self, limit: int) -> None:
        """Keep all lanes busy, with slices up to ``limit``."""
        for lane in self._lanes:
            if lane.running is not None and lane.running.done():
                share = lane.running.result()
                lane.reading = share.reading
                lane.done.append(share)
                lane.running = None
            if lane.running is None and lane.number < limit and self.has(lane.number):
                lane.running = self._executor.submit(
                    decide_slice, self._plans, self._wanted, self._trace, self._slices[lane.number], lane.reading
                )
                lane.number += 1

    @property
    def done(self) -> bool:
        """All lanes have done the slice that is to be taken next."""
        return all(lane.done for lane in self._lanes)

    def wait(self) -> None:
        wait([lane.running for lane in self._lanes if lane.running is not None], return_when=FIRST_COMPLETED)

    def take(self) -> list[Share]:
        return [lane.done.popleft() for lane in self._lanes]


def together(trace: str, shares: Sequence[Share]) -> Part:
    """The part that a single reader would have made."""
    parts = [share.part for share in shares]
    ranks = _ranks([share.places for share in shares])
    numbers = [rank[number] for rank, part in zip(ranks, parts, strict=True) for number in part.numbers]
    order = sorted(range(len(numbers)), key=numbers.__getitem__)

    def in_order(lists: Iterator[list[Entry]]) -> list[Entry]:
        entries = list(chain.from_iterable(lists))
        return [entries[index] for index in order] if entries else []

    return Part(
        trace,
        numbers=[numbers[index] for index in order],
        tails=tuple(in_order(iter(lists)) for lists in zip(*(part.tails for part in parts), strict=True)),
        rows=in_order(part.rows for part in parts),
        classes=Classes.together(
            [(part.classes, rank) for rank, part in zip(ranks, parts, strict=True) if part.classes is not None]
        ),
        passed_over=sorted(
            chain.from_iterable(part.passed_over for part in parts), key=lambda skipped: skipped.position
        ),
        messages=sum(part.messages for part in parts),
        position=parts[0].position,
        untold=sum((part.untold for part in parts), Counter()),
        not_judged=sum(part.not_judged for part in parts),
        error=next((part.error for part in parts if part.error), ""),
    )


def _ranks(places: Sequence[array[int]]) -> list[list[int]]:
    """For each share, the number of each of its messages among those of all."""
    every = list(chain.from_iterable(places))
    ranks = [0] * len(every)
    for rank, index in enumerate(sorted(range(len(every)), key=every.__getitem__)):
        ranks[index] = rank
    split, start = [], 0
    for share in places:
        split.append(ranks[start : start + len(share)])
        start += len(share)
    return split
