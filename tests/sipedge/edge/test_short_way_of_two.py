"""The short way of an edge of two workers: nobody can tell, whichever of them a copy comes to."""

from __future__ import annotations

import os
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from support.messages import answer_to
from support.native import require_native
from support.settings import INSIDE_PEER

from sipedge.bus.bus import Bus
from sipedge.bus.directory import FRESH, Directory
from sipedge.edge.others.colleagues import Colleagues
from sipedge.rates import reading
from tools.fuzz.pairs import Pair
from tools.memory_edge import Far, MemoryEdge, run_edge

from .test_short_way import SETTINGS, passes, said, shorts

Scenario = Callable[[MemoryEdge, Far, Far, Directory], Awaitable[None]]


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


def played(scenario: Scenario) -> None:
    """Worker 0, when worker 1 is not there and three requests have gone."""
    memory, rates, outputs = [os.memfd_create("test") for _ in range(3)]
    directory = Directory(memory, 0)
    ports = {"sip": 5060}
    colleagues = Colleagues(Bus(0), 0, directory, rates, outputs, bytes(32), lambda source: None, ports)

    async def whole(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        caller.send(said(1))
        await edge.turn()
        (callee,) = edge.loop.called
        callee.send(*(answer_to(each, 200) for each in callee.received()))
        await edge.turn()
        assert len(caller.received()) == 1
        for number in (2, 3):
            await passes(edge, caller, callee, number)
        await scenario(edge, caller, callee, directory)

    try:
        run_edge(replace(SETTINGS, workers=2), whole, colleagues=colleagues)
    finally:
        for each in (memory, rates, outputs):
            os.close(each)


def entries(directory: Directory) -> Iterator[int]:
    """Where there are some."""
    held = bytes(directory.memory)
    at = 0
    with suppress(StopIteration):
        while True:
            at = next(place for place in range(at, len(held), 16) if held[place : place + 16] != bytes(16)) + 16
            yield at - 16


def test_a_request_that_another_worker_has_is_the_cores_as_long_as_that_counts() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far, directory: Directory) -> None:
        before = [*entries(directory)]
        assert len(before) == 3
        await passes(edge, caller, callee, 4)
        (place,) = set(entries(directory)) - set(before)
        for age, expected in ((0, 0), (FRESH - 1, 0), (FRESH, 1)):
            edge.server._stack.poll()  # until then pjsip answers copies of what is answered
            struct.pack_into("<IB", directory.memory, place + 8, int(edge.loop.now) - age, 1)
            caller.send(said(4))
            await edge.turn()
            assert shorts(edge) == expected
            callee.send(*(answer_to(each, 200) for each in callee.received()))
            await edge.turn()
            assert [each.status for each in caller.received()] == [200]
        assert struct.unpack_from("<IB", directory.memory, place + 8) == (int(edge.loop.now), 0)

    played(scenario)
