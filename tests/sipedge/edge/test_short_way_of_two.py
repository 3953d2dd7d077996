"""The short way of an edge of two workers: nobody can tell, whichever of them a copy comes to or has the connection."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from support.colleagues import Wire, colleagues
from support.messages import answer_to
from support.native import require_native
from support.settings import INSIDE_PEER, OUTSIDE_PEER

from sipedge.bus import words
from sipedge.bus.bus import Bus
from sipedge.bus.directory import FRESH, SLOTS, Directory
from sipedge.proxy.events import ConnectionClosed, ConnectionOpened, PeerElsewhere
from sipedge.rates import reading
from sipedge.settings import Limits
from sipedge.sip.message import Message, parse_message
from tools.fuzz.pairs import Pair
from tools.memory_edge import EDGE, Far, MemoryEdge, run_edge
from zones.zone import Hop

from .test_short_way import SETTINGS, passes, said, shorts

HOP = Hop("Outside", "TCP", OUTSIDE_PEER, 5061, "")
FAR = 9
"""A connection of worker 1."""


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    require_native()
    monkeypatch.setattr(reading, "SLICE", float("inf"))


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    require_native()
    with Pair() as made:
        yield made
    assert made.statuses == [0, 0]


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_a_conversation_with_two_workers_is_the_same_with_and_without_the_short_way(pair: Pair, first: int) -> None:
    for seed in range(first, first + 10):
        assert pair.difference(seed) == "", seed


@dataclass
class World:
    """Worker 0, and the other one as a wire."""

    edge: MemoryEdge
    bus: Bus
    wire: Wire
    caller: Far
    directory: Directory

    def hears(self, *said: words.Word) -> None:
        """From worker 1."""
        self.bus.listener.taken(1, said)

    async def asked(self, *numbers: int) -> list[Message]:
        """Requests that are to be written on the connection of worker 1, when these have been sent."""
        self.caller.send(*map(said, numbers))
        await self.edge.turn()
        sent = [word for word in self.wire.taken(words.Sent) if isinstance(word, words.Sent)]
        assert all(word.connection == FAR for word in sent)
        return [parse_message(data) for word in sent for data in word.messages]

    async def answers(self, requests: Sequence[Message], *statuses: int) -> list[int]:
        """The answers come to worker 1: what the caller gets."""
        passed = [answer_to(*each).to_bytes() for each in zip(requests, statuses, strict=True)]
        self.hears(words.Passed(FAR, passed))
        await self.edge.turn()
        return [each.status for each in self.caller.received()]


Scenario = Callable[[World], Awaitable[None]]


def played(scenario: Scenario, remembered: int = 100) -> None:
    settings = replace(SETTINGS, workers=2, limits=replace(Limits(), remembered=remembered))
    with colleagues() as given:

        async def whole(edge: MemoryEdge) -> None:
            wire = Wire()
            wire.join(given.bus, 1)
            await scenario(World(edge, given.bus, wire, edge.accept(INSIDE_PEER), given.directory))

        run_edge(settings, whole, colleagues=given)


def crossing(scenario: Scenario, remembered: int = 100) -> None:
    """Worker 1 has the callee's connection, and three requests have gone there."""

    async def whole(world: World) -> None:
        opened = ConnectionOpened(FAR, "TCP", OUTSIDE_PEER, HOP.port, EDGE, 40000, zone="Outside", hop=HOP)
        world.hears(PeerElsewhere(opened, "Outside", "", "", 0.0))
        for number in (1, 2, 3):
            assert await world.answers(await world.asked(number), 200) == [200]
        await scenario(world)

    played(whole, remembered)


def entries(directory: Directory) -> set[int]:
    """Where there are some."""
    held = bytes(directory.memory)
    return {place for place in range(0, len(held), 16) if held[place : place + 16] != bytes(16)}


def test_a_request_that_another_worker_has_is_the_cores_as_long_as_that_counts() -> None:
    async def scenario(world: World) -> None:
        edge, caller, directory = world.edge, world.caller, world.directory
        world.bus._streams.clear()
        caller.send(said(1))
        await edge.turn()
        (callee,) = edge.loop.called
        callee.send(*(answer_to(each, 200) for each in callee.received()))
        await edge.turn()
        assert len(caller.received()) == 1
        for number in (2, 3):
            await passes(edge, caller, callee, number)
        before = entries(directory)
        assert len(before) == 3
        await passes(edge, caller, callee, 4)
        (place,) = entries(directory) - before
        (name,) = struct.unpack_from("<Q", directory.memory, place)
        for key, age, who, expected in (
            (name, 0, 1, 0),
            (name, FRESH - 1, 1, 0),
            (name, FRESH, 1, 1),
            (name, FRESH + 1, 1, 1),
            (name, 0, 0, 1),
            (name + SLOTS, 0, 1, 1),  # another transaction of the same place
        ):
            edge.server._stack.poll()  # until then pjsip answers copies of what is answered
            struct.pack_into("<QIB", directory.memory, place, key, int(edge.loop.now) - age, who)
            caller.send(said(4))
            await edge.turn()
            assert shorts(edge) == expected
            callee.send(*(answer_to(each, 200) for each in callee.received()))
            await edge.turn()
            assert [each.status for each in caller.received()] == [200]
        assert struct.unpack_from("<QIB", directory.memory, place) == (name, int(edge.loop.now), 0)

    played(scenario)


def test_what_crosses_goes_without_the_core_and_so_do_its_answers() -> None:
    async def scenario(world: World) -> None:
        handled: list[object] = []
        world.edge.server._proxy.handle = lambda event, now: handled.append(event) or []  # type: ignore[func-returns-value,method-assign]
        requests = await world.asked(4, 5)
        assert len(requests) == 2 and shorts(world.edge) == 2
        assert await world.answers(requests, 202, 200) == [202, 200]
        assert (handled, shorts(world.edge)) == ([], 0)

    crossing(scenario)


@pytest.mark.parametrize("remembered", [0, 100])
def test_an_answer_that_is_the_cores_is_taken_there_and_so_is_what_comes_behind_it(remembered: int) -> None:
    async def scenario(world: World) -> None:
        requests = await world.asked(4, 5, 6, 7)
        assert await world.answers(requests, 200, 404, 200, 486) == [200, 404, 200, 486]
        assert shorts(world.edge) == 0

    crossing(scenario, remembered)


def test_a_request_that_comes_back_unwritten_fares_as_through_the_core() -> None:
    came: list[object] = []

    async def scenario(world: World) -> None:
        (asked,) = await world.asked(4)
        for _ in range(3):
            world.hears(words.TakenBack(FAR, asked.to_bytes(), "the connection is closed"))
            await world.edge.turn()
            assert shorts(world.edge) == 0
            again = [word.messages for word in world.wire.taken(words.Sent) if isinstance(word, words.Sent)]
            asked = parse_message(again[0][0]) if again else asked
            came.append((len(again), [each.status for each in world.caller.received()]))

    crossing(scenario, 0)
    crossing(scenario, 100)
    assert came[:3] == came[3:]
    assert came[0] != (0, [])


def test_nothing_new_goes_to_a_connection_that_the_other_worker_gives_up() -> None:
    async def scenario(world: World) -> None:
        world.hears(words.Unusable(FAR))
        assert await world.asked(4) == []
        assert shorts(world.edge) == 0

    crossing(scenario)


@pytest.mark.parametrize("remembered", [0, 100])
def test_when_the_other_worker_loses_the_connection_the_answer_may_come_on_another_one(remembered: int) -> None:
    async def scenario(world: World) -> None:
        (asked,) = await world.asked(4)
        world.hears(ConnectionClosed(FAR, "gone"))
        await world.edge.turn()
        other = world.edge.accept(OUTSIDE_PEER)
        other.send(answer_to(asked, 200))
        await world.edge.turn()
        assert [each.status for each in world.caller.received()] == [200]

    crossing(scenario, remembered)


def test_responses_to_requests_of_another_worker_are_passed_on_as_they_came() -> None:
    async def scenario(world: World) -> None:
        via = b"Via: SIP/2.0/TCP 203.0.113.1:5060;branch=z9hG4bKw1abc.0123456789ab\r\n"
        asked = parse_message(said(4).to_bytes().replace(b"Via:", via + b"Via:", 1))
        answers = [answer_to(asked, status).to_bytes() for status in (200, 180, 503)]
        callee = world.edge.accept(OUTSIDE_PEER)
        await world.edge.turn()
        world.wire.said.clear()
        callee.write_in(answers[0])
        await world.edge.turn()
        assert len(world.wire.taken(words.Came)) == 1
        callee.write_in(b"".join(answers))
        await world.edge.turn()
        (passed,) = world.wire.taken(words.Passed)
        assert isinstance(passed, words.Passed) and passed.messages == answers
        callee.write_in(answers[1])
        await world.edge.turn()
        (passed,) = world.wire.taken(words.Passed)
        assert isinstance(passed, words.Passed) and passed.messages == answers[1:2]
        world.bus._streams.clear()
        callee.write_in(b"".join(answers))
        await world.edge.turn()
        assert world.caller.received() == []

    played(scenario)


@pytest.mark.parametrize(
    "front", ["z9hG4bKw/", "z9hG4bKw:", "z9hG4bKw9", "z9hG4bKwz", "z9hG4bKw", "z9hG4bKx1", "Z9hG4bKw1"]
)
@pytest.mark.parametrize("remembered", [0, 100])
def test_responses_whose_branch_names_no_worker_that_is_there_go_nowhere(front: str, remembered: int) -> None:
    async def scenario(world: World) -> None:
        via = b"Via: SIP/2.0/TCP 203.0.113.1:5060;branch=%b.0123456789ab\r\n"
        message = said(4).to_bytes().replace(b"Via:", via % front.encode() + b"Via:", 1)
        stray = answer_to(parse_message(message), 200).to_bytes()
        callee = world.edge.accept(OUTSIDE_PEER)
        await world.edge.turn()
        world.wire.said.clear()
        for _ in range(3):
            callee.write_in(stray * 2)
            await world.edge.turn()
        assert not any(isinstance(word, words.Passed | words.Came) for word in world.wire.said)
        assert world.caller.received() == [] and not callee.is_closing()

    played(scenario, remembered)
