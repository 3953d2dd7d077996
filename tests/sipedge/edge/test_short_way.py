"""Requests whose way is remembered go on without the core, and nobody can tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest
from support.messages import answer_to, request
from support.native import require_native
from support.settings import INSIDE_PEER, OUTSIDE_PEER, ZONES, make_settings

from sipedge.proxy.history import Entry
from sipedge.rates import reading
from sipedge.settings import DnsSettings, Hep, Limits, Listener, Log, MetricsSettings, Settings
from sipedge.sip.message import Message
from tools.fuzz import edges
from tools.memory_edge import Far, MemoryEdge, run_edge

SETTINGS = make_settings(
    zones=tuple(replace(zone, transport="TCP") for zone in ZONES),
    listeners=(Listener("sip", "203.0.113.1", 5060, transport="TCP"),),
    dns=DnsSettings(("127.0.0.1",)),
)
Scenario = Callable[[MemoryEdge, Far, Far], Awaitable[None]]


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    require_native()
    monkeypatch.setattr(reading, "SLICE", float("inf"))  # else the sizes of reads depend on the machine
    yield


def said(number: int) -> Message:
    via = f"SIP/2.0/TCP {INSIDE_PEER}:5060;branch=z9hG4bK{number}"
    return request(via=via, call_id=f"call-{number}", cseq=f"{number} MESSAGE", body=b"hello")


def shorts(edge: MemoryEdge) -> int:
    """Requests that are under way without the core."""
    return edge.server._stack._clients.short


def entries(edge: MemoryEdge) -> list[Entry]:
    """Oldest first."""
    return [*edge.server.recording.history][::-1]


async def passes(edge: MemoryEdge, caller: Far, callee: Far, number: int) -> None:
    """A request and its 200."""
    caller.send(said(number))
    await edge.turn()
    callee.send(*(answer_to(each, 200) for each in callee.received()))
    await edge.turn()
    assert [each.status for each in caller.received()] == [200]


def played(scenario: Scenario, settings: Settings = SETTINGS) -> None:
    """Once three requests have gone, the fourth one goes without the core, and so does its answer."""

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
        await scenario(edge, caller, callee)

    run_edge(settings, whole)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_a_conversation_is_the_same_with_and_without_the_short_way(first: int) -> None:
    for seed in range(first, first + 20):
        assert edges.difference(seed) == "", seed


def is_well(edge: MemoryEdge) -> bool:
    """The callee, whom nobody asks by OPTIONS."""
    (up,) = (up for (zone, _), up in edge.server._proxy.upkeep.peers_alive().items() if zone == "Outside")
    return up


@pytest.mark.parametrize("nth", [0, 1], ids=["the first request behind its failure", "the next one, sent meanwhile"])
def test_an_answer_that_says_something_new_of_a_peer_goes_through_the_core(nth: int) -> None:
    """A peer that nobody asks by OPTIONS is well again when it answers a request, whichever that is."""

    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        await edge.turn()
        callee.send(*(answer_to(each, 503) for each in callee.received()))
        await edge.turn()
        assert [each.status for each in caller.received()] == [500] and not is_well(edge)
        for number in (5, 6):
            caller.send(said(number))
            await edge.turn()
        assert shorts(edge) == 0
        callee.send(answer_to(callee.received()[nth], 200))
        await edge.turn()
        assert [each.status for each in caller.received()] == [200] and is_well(edge)

    played(scenario)


def test_an_answer_to_a_request_that_was_under_way_when_its_peer_failed_makes_it_well() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4), said(5))
        await edge.turn()
        assert shorts(edge) == 2
        first, second = callee.received()
        callee.send(answer_to(first, 503))
        await edge.turn()
        assert not is_well(edge)
        callee.send(answer_to(second, 200))
        await edge.turn()
        assert [each.status for each in caller.received()] == [500, 200] and is_well(edge)

    played(scenario)


def test_a_request_and_its_answer_go_without_the_core() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        handled: list[object] = []
        edge.server._proxy.handle = lambda event, now: handled.append(event) or []  # type: ignore[func-returns-value,method-assign]
        caller.send(said(4), said(5))
        await edge.turn()
        assert shorts(edge) == 2
        callee.send(*(answer_to(each, 202) for each in callee.received()))
        await edge.turn()
        assert [each.status for each in caller.received()] == [202, 202]
        assert (handled, shorts(edge)) == ([], 0)
        assert [entry.status for entry in entries(edge)] == [200, 200, 200, 202, 202]

    played(scenario)


def test_the_history_says_of_it_what_the_core_would_have_said() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        before = entries(edge)[1].to_json()
        caller.send(said(4))
        await edge.turn()
        assert entries(edge)[-1].to_json()["status"] == 0
        callee.send(*(answer_to(each, 200) for each in callee.received()))
        await edge.turn()
        after = entries(edge)[-1].to_json()
        assert {key for key in after if after[key] != before[key]} <= {"time", "ms", "call_id", "cseq"}
        assert entries(edge)[-1] is entries(edge)[-1]

    played(scenario)


def test_a_copy_is_absorbed_on_either_way() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4), said(4))
        caller.send(said(4))
        await edge.turn()
        edge.server._proxy.memory.forget_ways()
        caller.send(said(4))
        await edge.turn()
        (got,) = callee.received()
        callee.send(answer_to(got, 200))
        await edge.turn()
        assert len(caller.received()) == 1

    played(scenario)


def test_another_request_with_the_branch_of_one_that_waits_is_no_copy_of_it() -> None:
    """As with transactions of pjsip, whose names hold the method; only an INVITE is found by its CANCEL."""

    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        await edge.turn()
        (got,) = callee.received()
        whole = said(4).to_bytes()
        caller.write_in(whole.replace(b"MESSAGE", b"SERVICE"))
        caller.write_in(whole.replace(b"MESSAGE", b"CANCEL"))
        await edge.turn()
        assert [each.status for each in caller.received()] == [481]
        assert [each.method for each in callee.received()] == ["SERVICE"]
        callee.send(answer_to(got, 200))
        await edge.turn()
        assert len(caller.received()) == 1

    played(scenario)


def test_any_other_answer_is_the_cores() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        for number, status in ((4, 404), (5, 503), (6, 486)):
            caller.send(said(number))
            await edge.turn()
            assert shorts(edge) == 1
            callee.send(*(answer_to(each, status) for each in callee.received()))
            await edge.turn()
            assert [each.status for each in caller.received()] == [500 if status == 503 else status]
            assert entries(edge)[-1].attempts[0].status == status
            if status == 503:  # a peer that has failed is well with its next answer, and the way is shown once more
                await passes(edge, caller, callee, 50)
                await passes(edge, caller, callee, 51)

    played(scenario)


def test_an_answer_that_does_not_come_is_the_cores() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        for _ in range(8):
            await edge.turn()
            edge.loop.now += 0.5
        await edge.turn()
        assert [each.status for each in caller.received()] == [100]
        assert shorts(edge) == 0
        callee.send(*(answer_to(each, 200) for each in callee.received()))
        await edge.turn()
        assert [each.status for each in caller.received()] == [200]

    played(scenario)


def test_a_copy_of_a_request_that_has_its_100_is_answered_with_that_at_once() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        for _ in range(8):
            await edge.turn()
            edge.loop.now += 0.5
        await edge.turn()
        assert [each.status for each in caller.received()] == [100]
        caller.send(said(4))
        await edge.turn()
        assert [each.status for each in caller.received()] == [100]

    played(scenario)


def test_when_the_callee_goes_away_its_answer_may_come_on_another_connection() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        await edge.turn()
        (got,) = callee.received()
        callee.abort()
        await edge.turn()
        other = edge.accept(OUTSIDE_PEER)
        other.send(answer_to(got, 200))
        await edge.turn()
        assert [each.status for each in caller.received()] == [200]

    played(scenario)


def test_a_change_of_configuration_makes_all_ways_be_learned_anew() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        await edge.turn()
        edge.server._short.configure(SETTINGS)
        assert shorts(edge) == 0
        callee.send(*(answer_to(each, 200) for each in callee.received()))
        await edge.turn()
        assert [each.status for each in caller.received()] == [200]
        caller.send(said(5))
        await edge.turn()
        assert shorts(edge) == 0

    played(scenario)


def test_metrics_count_all_of_it() -> None:
    counted = []
    for remembered in (0, 100):

        async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
            caller.send(said(4), said(5), said(4))
            await edge.turn()
            callee.send(*(answer_to(each, 202) for each in callee.received()))
            await edge.turn()
            metrics = edge.server._observers.metrics
            assert metrics is not None
            counted.append(metrics.counts())

        limits = replace(Limits(), remembered=remembered)
        played(scenario, replace(SETTINGS, limits=limits, metrics=MetricsSettings("127.0.0.1:0")))
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    "settings",
    [
        replace(SETTINGS, limits=replace(Limits(), remembered=0)),
        replace(SETTINGS, log=Log(hep=Hep("127.0.0.1", 9))),
    ],
    ids=["switched off", "watched"],
)
def test_all_go_through_the_core_where_somebody_wants_that(settings: Settings) -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(4))
        await edge.turn()
        assert shorts(edge) == 0 and len(callee.received()) == 1

    played(scenario, settings)
