"""Several messages in one read: pjsip takes all of them, then the core, then their commands are carried out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.messages import answer_to, invite, request, with_lines
from support.settings import INSIDE_PEER, OUTSIDE_PEER, ZONES, make_settings

from sipedge.proxy.commands import Forward
from sipedge.settings import DnsSettings, Limits, Listener
from sipedge.sip.message import Message
from tools.memory_edge import Far, MemoryEdge, run_edge

SETTINGS = make_settings(
    zones=tuple(replace(zone, transport="TCP") for zone in ZONES),
    listeners=(Listener("sip", "203.0.113.1", 5060, transport="TCP"),),
    dns=DnsSettings(("127.0.0.1",)),
)
BOB = "<sip:bob@outside.example>;tag=bob-tag"


def via(branch: str) -> str:
    return f"SIP/2.0/TCP {INSIDE_PEER}:5060;branch=z9hG4bK{branch}"


def cancel(branch: str) -> Message:
    return request("CANCEL", via=via(branch), cseq="1 CANCEL")


def seen(messages: list[Message]) -> list[tuple[int, str]]:
    """Status and CSeq of responses, 0 for requests."""
    return [(each.status, each.first("cseq") or "") for each in messages]


async def connected(edge: MemoryEdge) -> tuple[Far, Far]:
    """A caller, and a callee that the edge is connected with."""
    caller = edge.accept(INSIDE_PEER)
    caller.send(request(via=via("first")))
    await edge.turn()
    (callee,) = edge.loop.called
    callee.send(*(answer_to(got, 200) for got in callee.received()))
    await edge.turn()
    assert len(caller.received()) == 1
    return caller, callee


def test_requests_of_one_dialog_stay_in_their_order() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        update = request("UPDATE", via=via("2"), to=BOB, cseq="2 UPDATE")
        message = request(via=via("3"), to=BOB, cseq="3 MESSAGE")
        bye = request("BYE", via=via("4"), to=BOB, cseq="4 BYE")
        caller.send(update, message, bye)
        await edge.turn()
        got = callee.received()
        assert seen(got) == [(0, "2 UPDATE"), (0, "3 MESSAGE"), (0, "4 BYE")]
        callee.send(*(answer_to(each, 200) for each in got))
        await edge.turn()
        assert seen(caller.received()) == [(200, "2 UPDATE"), (200, "3 MESSAGE"), (200, "4 BYE")]

    run_edge(SETTINGS, scenario)


def test_a_cancel_that_comes_with_its_invite_waits_for_the_callee() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        caller.send(invite(via=via("call")), cancel("call"))
        await edge.turn()
        assert seen(caller.received()) == [(100, "1 INVITE"), (200, "1 CANCEL")]
        (called,) = callee.received()
        callee.send(answer_to(called, 180))
        await edge.turn()
        (cancelled,) = callee.received()
        assert cancelled.method == "CANCEL" and cancelled.via.branch == called.via.branch
        callee.send(answer_to(cancelled, 200), answer_to(called, 487))
        await edge.turn()
        assert seen(caller.received()) == [(487, "1 INVITE")]

    run_edge(SETTINGS, scenario)


def test_a_cancel_that_comes_with_its_invite_takes_it_back_before_the_connection_is_there() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        edge.loop.answer.clear()
        caller = edge.accept(INSIDE_PEER)
        caller.send(invite(via=via("call")), cancel("call"))
        await edge.turn()
        assert seen(caller.received()) == [(100, "1 INVITE"), (200, "1 CANCEL"), (487, "1 INVITE")]

    run_edge(SETTINGS, scenario)


def test_a_cancel_and_the_final_response_that_it_is_late_for_pass_each_other() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        caller.send(invite(via=via("call")))
        await edge.turn()
        (called,) = callee.received()
        callee.send(answer_to(called, 180), answer_to(called, 200), answer_to(called, 200))
        caller.send(cancel("call"))
        await edge.turn()
        statuses = [status for status, _ in seen(caller.received())]
        assert statuses == [100, 180, 200, 200, 481]
        assert callee.received() == []

    run_edge(SETTINGS, scenario)


def test_a_copy_in_the_same_read_is_absorbed() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        message = request(via=via("twice"))
        caller.send(message, message)
        await edge.turn()
        (got,) = callee.received()
        callee.send(answer_to(got, 200))
        await edge.turn()
        assert len(caller.received()) == 1

    run_edge(SETTINGS, scenario)


def test_who_closes_behind_its_requests_is_answered_elsewhere() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        caller.send(request(via=via("1"), call_id="1"), request(via=via("2"), call_id="2"))
        caller.abort()
        await edge.turn()
        got = callee.received()
        assert [each.call_id for each in got] == ["1", "2"]
        callee.send(*(answer_to(each, 200) for each in got))
        await edge.turn()
        await edge.turn()
        (back,) = edge.loop.called[1:]
        assert [each.call_id for each in back.received()] == ["1", "2"]

    run_edge(SETTINGS, scenario)


def test_responses_behind_which_the_callee_closes_arrive() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        caller.send(request(via=via("1")), request(via=via("2")))
        await edge.turn()
        callee.send(*(answer_to(each, 200) for each in callee.received()))
        callee.abort()
        await edge.turn()
        assert [each.status for each in caller.received()] == [200, 200]

    run_edge(SETTINGS, scenario)


def test_a_request_that_finds_its_connection_closed_by_one_before_it_fails_alone() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        callee.abort()
        caller.send(request(via=via("1")), request(via=via("2"), uri="sip:carol@nowhere.example"))
        await edge.turn()
        assert [each.status for each in caller.received()] == [404]
        (again,) = edge.loop.called[1:]
        assert (again.address, len(again.received())) == (OUTSIDE_PEER, 1)

    run_edge(SETTINGS, scenario)


def test_malformed_messages_are_answered_before_their_connection_is_closed() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        bad = with_lines(request(via=via("bad")), (b"<sip:bob@outside.example>", b"<sip:bob@[outside>"))
        caller.send(request(via=via("good")), bad, bad, bad, request(via=via("late")))
        assert [each.status for each in caller.received()] == [400, 400, 400]
        await edge.turn()
        assert len(callee.received()) == 1 and caller.is_closing()

    limits = replace(Limits(), malformed_in_a_row=2)
    run_edge(replace(SETTINGS, limits=limits), scenario)


def test_a_command_that_fails_costs_its_own_request_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller, callee = await connected(edge)
        forward = edge.server.functions[Forward]

        def fail_once(command: Forward) -> None:
            edge.server.functions[Forward] = forward  # type: ignore[index]
            raise LookupError("no such thing")

        monkeypatch.setitem(edge.server.functions, Forward, fail_once)  # type: ignore[arg-type]
        caller.send(*(request(via=via(str(number)), call_id=str(number)) for number in range(3)))
        await edge.turn()
        assert [(each.status, each.call_id) for each in caller.received()] == [(500, "0")]
        assert [each.call_id for each in callee.received()] == ["1", "2"]

    run_edge(SETTINGS, scenario)
    assert "no such thing" in caplog.text
