"""How much of what is ready one turn of the loop takes, and that everybody has a turn."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import EPOLLIN

import pytest
from support.connections import Run
from support.edge import Turns

from sipedge.network.tcp.readiness import SHARE, Readiness

CROWD = 2 * SHARE + 1


class Heard:
    """A socket that has something to read for ever; ``heard`` is told each time."""

    def __init__(self, readiness: Readiness, heard: Callable[[Heard], None]) -> None:
        self.near, self.far = socket.socketpair()
        self.far.send(b"x")
        self._readiness, self._heard, self._waits_for = readiness, heard, 0
        self.wait(EPOLLIN)

    def wait(self, events: int) -> None:
        self._readiness.watch(self.near.fileno(), self._waits_for, events, self)
        self._waits_for = events

    def happened(self, events: int) -> None:
        assert events == EPOLLIN
        self._heard(self)


@contextmanager
def crowd(count: int, heard: Callable[[Heard], None]) -> Iterator[list[Heard]]:
    readiness = Readiness()
    all_of_them = [Heard(readiness, heard) for _ in range(count)]
    yield all_of_them
    readiness.close()
    for each in all_of_them:
        each.near.close()
        each.far.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


def test_a_crowd_is_heard_in_several_turns(run: Run) -> None:
    async def test() -> None:
        turns, seen = Turns(), dict[Heard, int]()

        def heard(each: Heard) -> None:
            seen[each] = turns.number
            each.wait(0)

        with crowd(CROWD, heard):
            await until(lambda: len(seen) == CROWD)
        numbers = list(seen.values())
        assert max(map(numbers.count, numbers)) <= SHARE
        turns.end()

    run(test)


def test_where_each_takes_long_a_turn_hears_one_and_nobody_is_heard_twice_before_all_are(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sipedge.network.tcp.readiness.SLICE", -1.0)

    async def test() -> None:
        turns, order, at = Turns(), list[Heard](), list[int]()

        def heard(each: Heard) -> None:
            order.append(each)
            at.append(turns.number)

        with crowd(5, heard):
            await until(lambda: len(order) >= 20)
        assert all(len(set(order[first : first + 5])) == 5 for first in range(0, 20, 5))
        assert len(set(at)) == len(at)
        turns.end()

    run(test)


def test_who_waits_for_nothing_any_more_hears_nothing(run: Run) -> None:
    async def test() -> None:
        heard_of = list[Heard]()

        def heard(each: Heard) -> None:
            heard_of.append(each)
            for other in both:
                other.wait(0)

        with crowd(2, heard) as both:
            await until(lambda: heard_of)
            for _ in range(5):
                await asyncio.sleep(0)
        assert len(heard_of) == 1

    run(test)
