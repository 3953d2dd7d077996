"""Two workers on one bus: words come in order, questions are answered, and an end is told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

import pytest

from sipedge.bus import stream
from sipedge.bus.bus import Bus, GoneError
from sipedge.bus.words import Note, Sent, Word


class Ear:
    """A listener that notes what comes."""

    def __init__(self) -> None:
        self.said: list[tuple[int, Word]] = []
        self.here: set[int] = set()
        self.news = asyncio.Event()

    def joined(self, worker: int) -> None:
        self.here.add(worker)
        self.news.set()

    def left(self, worker: int) -> None:
        self.here.discard(worker)
        self.news.set()

    def taken(self, worker: int, said: Sequence[Word]) -> None:
        self.said += [(worker, word) for word in said]
        self.news.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not done():
                self.news.clear()
                await self.news.wait()


async def answer(worker: int, what: object) -> object:
    if what == "wrong":
        raise ValueError(f"worker {worker} asked for something wrong")
    return worker, what


def bus_of(worker: int) -> tuple[Bus, Ear]:
    bus, ear = Bus(worker), Ear()
    bus.listener, bus.answer = ear, answer
    return bus, ear


def run(scenario: Callable[[Bus, Ear, Bus, Ear], Awaitable[None]]) -> None:
    async def work() -> None:
        (one, ear), (two, other) = bus_of(1), bus_of(2)
        ends = socket.socketpair()
        for end in ends:
            end.setblocking(False)
        await one.join(2, ends[0])
        await two.join(1, ends[1])
        await scenario(one, ear, two, other)
        await one.aclose()
        await two.aclose()

    asyncio.run(work())


def test_words_come_in_the_order_they_were_said_in_whatever_their_size() -> None:
    async def scenario(one: Bus, ear: Ear, two: Bus, other: Ear) -> None:
        words = [Sent(number, [bytes([number % 256]) * number**2]) for number in range(300)]
        for word in words:
            assert one.tell(2, word)
        await other.until(lambda: len(other.said) == len(words))
        assert other.said == [(1, word) for word in words]

    run(scenario)


def test_a_question_is_answered_and_an_error_is_raised_where_it_was_asked() -> None:
    async def scenario(one: Bus, ear: Ear, two: Bus, other: Ear) -> None:
        assert await one.ask(2, "right", 10) == (1, "right")
        with pytest.raises(ValueError, match="worker 1 asked for something wrong"):
            await one.ask(2, "wrong", 10)
        with pytest.raises(GoneError, match="worker 3 is not there"):
            await one.ask(3, "right", 10)

    run(scenario)


def test_a_note_wants_no_answer() -> None:
    async def scenario(one: Bus, ear: Ear, two: Bus, other: Ear) -> None:
        noted: asyncio.Queue[tuple[int, object]] = asyncio.Queue()
        two.note = lambda worker, what: noted.put_nowait((worker, what))
        one.tell(2, Note("something"))
        assert await asyncio.wait_for(noted.get(), 10) == (1, "something")

    run(scenario)


def test_who_is_gone_answers_nothing_and_is_told_nothing() -> None:
    async def scenario(one: Bus, ear: Ear, two: Bus, other: Ear) -> None:
        async def never(worker: int, what: object) -> object:
            await two.aclose()
            return None

        two.answer = never
        with pytest.raises(GoneError, match="worker 2 is gone"):
            await one.ask(2, "right", 10)
        await ear.until(lambda: not ear.here)
        assert one.others == [] and not one.tell(2, Sent(1, [b""]))

    run(scenario)


def test_an_answer_that_does_not_come_in_time_is_not_waited_for() -> None:
    async def scenario(one: Bus, ear: Ear, two: Bus, other: Ear) -> None:
        async def late(worker: int, what: object) -> object:
            await asyncio.Event().wait()
            return None

        two.answer = late
        with pytest.raises(GoneError, match=r"worker 2 gave no answer in 0\.05 s"):
            await one.ask(2, "right", 0.05)

    run(scenario)


def test_a_worker_that_takes_nothing_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LONGEST_QUEUE", 1_000_000)

    async def work() -> None:
        one, ear = bus_of(1)
        own, deaf = socket.socketpair()
        with deaf:
            own.setblocking(False)
            await one.join(2, own)
            one.tell(2, Sent(1, [bytes(4_000_000)]))
            await ear.until(lambda: not ear.here)
            assert one.others == []

    asyncio.run(work())


def test_a_new_process_in_the_same_seat_takes_the_place_of_the_old_one() -> None:
    async def scenario(one: Bus, ear: Ear, two: Bus, other: Ear) -> None:
        again, third = bus_of(2)
        ends = socket.socketpair()
        for end in ends:
            end.setblocking(False)
        await one.join(2, ends[0])
        await again.join(1, ends[1])
        assert await one.ask(2, "right", 10) == (1, "right")
        await other.until(lambda: not other.here)
        assert one.others == [2] and third.here == {1}
        await again.aclose()

    run(scenario)
