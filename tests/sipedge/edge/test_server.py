"""An edge from socket to socket, with sockets of memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from support.messages import answer_to, request
from support.settings import INSIDE_PEER, OUTSIDE_PEER, RULES, ZONES, make_settings

from sipedge.config import load_config
from sipedge.proxy.commands import Command, Forward
from sipedge.settings import DnsSettings, Limits, Listener
from sipedge.sip.message import Message
from tools.memory_edge import Far, ListeningSocket, MemoryEdge, MemoryLoop, run_edge

SETTINGS = make_settings(
    zones=tuple(replace(zone, transport="TCP") for zone in ZONES),
    listeners=(Listener("sip", "203.0.113.1", 5060, transport="TCP"),),
    dns=DnsSettings(("127.0.0.1",)),
)


def message(number: int = 1) -> Message:
    via = f"SIP/2.0/TCP {INSIDE_PEER}:5060;branch=z9hG4bK{number}"
    return request(via=via, call_id=f"call-{number}", body=b"hello")


def statuses(messages: list[Message]) -> list[int]:
    return [answer.status for answer in messages]


def test_every_command_is_carried_out() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        assert set(edge.server.functions) == set(get_args(Command))

    run_edge(SETTINGS, scenario)


def test_a_request_goes_out_when_its_connection_is_there_and_its_answer_comes_back() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        caller.send(message())
        await edge.turn()
        (callee,) = edge.loop.called
        (forwarded,) = callee.received()
        assert callee.address == OUTSIDE_PEER
        assert (forwarded.method, forwarded.body, len(forwarded.values("via"))) == ("MESSAGE", b"hello", 2)
        callee.send(answer_to(forwarded, 200))
        await edge.turn()
        assert statuses(caller.received()) == [200]

    run_edge(SETTINGS, scenario)


class Eager(MemoryLoop):
    """A peer connects and sends as soon as a listener is there."""

    early: Far

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]
        super().add_reader(fd, callback, *args)
        if isinstance(fd, ListeningSocket):
            self.early = self.call_in(INSIDE_PEER, 5060)
            self.early.send(message())


def test_a_peer_may_be_quicker_than_the_start() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        await edge.turn()
        assert len(edge.loop.called[0].received()) == 1

    run_edge(SETTINGS, scenario, loop_factory=Eager)


def test_one_connection_serves_all_requests_for_its_hop() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        edge.loop.answer.clear()
        caller.send(message(1), message(2))
        await edge.turn()
        edge.loop.answer.set()
        await edge.turn()
        caller.send(message(3))
        await edge.turn()
        (callee,) = edge.loop.called
        assert [got.call_id for got in callee.received()] == ["call-1", "call-2", "call-3"]

    run_edge(SETTINGS, scenario)


def test_requests_that_waited_in_vain_fail() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        edge.loop.refused = OUTSIDE_PEER
        caller = edge.accept(INSIDE_PEER)
        caller.send(message(1), message(2))
        await edge.turn()
        assert statuses(caller.received()) == [500, 500]

    run_edge(SETTINGS, scenario)


def test_only_so_many_requests_wait_for_a_connection() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        edge.loop.answer.clear()
        caller = edge.accept(INSIDE_PEER)
        caller.send(message(1), message(2), message(3))
        await edge.turn()
        assert [(answer.status, answer.call_id) for answer in caller.received()] == [(500, "call-3")]
        edge.loop.answer.set()
        await edge.turn()
        assert len(edge.loop.called[0].received()) == 2

    run_edge(replace(SETTINGS, limits=replace(Limits(), waiting_per_hop=2)), scenario)


def test_a_callee_that_closes_may_answer_on_another_connection() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        caller.send(message())
        await edge.turn()
        callee = edge.loop.called[0]
        (asked,) = callee.received()
        callee.abort()
        await edge.turn()
        assert caller.received() == []
        edge.accept(OUTSIDE_PEER).send(answer_to(asked, 200))
        await edge.turn()
        assert statuses(caller.received()) == [200]

    run_edge(SETTINGS, scenario)


def test_a_caller_that_closes_gets_its_answer_on_another_connection() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        caller.send(message())
        await edge.turn()
        callee = edge.loop.called[0]
        (asked,) = callee.received()
        caller.abort()
        await edge.turn()
        callee.send(answer_to(asked, 200))
        await edge.turn()
        await edge.turn()
        (back,) = edge.loop.called[1:]
        assert statuses(back.received()) == [200]

    run_edge(SETTINGS, scenario)


def test_a_command_that_fails_is_answered_500_and_the_next_request_is_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(command: Forward) -> None:
        raise LookupError("no such thing")

    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        with monkeypatch.context() as patch:
            patch.setitem(edge.server.functions, Forward, fail)  # type: ignore[arg-type]
            caller.send(message(1))
        caller.send(message(2))
        await edge.turn()
        assert statuses(caller.received()) == [500]
        assert [got.call_id for got in edge.loop.called[0].received()] == ["call-2"]

    run_edge(SETTINGS, scenario)
    assert "no such thing" in caplog.text


CONFIG = """
[edge]
system_name = "edge.inside.example"
domains = ["inside.example"]
dialplans = ["edge.dialplan"]

[[listener]]
name = "LISTENER"
address = "203.0.113.1"
port = PORT
transport = "TCP"

[[zone]]
name = "Inside"
type = "neighbor"
transport = "TCP"
peers = ["192.0.2.10"]
port = 5060
monitor = false

[[zone]]
name = "Outside"
type = "neighbor"
transport = "TCP"
peers = ["198.51.100.20"]
port = 5060
monitor = false
"""


def test_a_reload_opens_new_listeners_and_closes_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    (tmp_path / "edge.dialplan").write_text(RULES)

    def write(name: str, port: int) -> None:
        path.write_text(CONFIG.replace("LISTENER", name).replace("PORT", str(port)))

    async def scenario(edge: MemoryEdge) -> None:
        for name, port in (("first", 5070), ("second", 5070), ("second", 5080)):
            write(name, port)
            await edge.control.loads.reload()
            assert set(edge.loop.listening) == {port}
        caller = edge.accept(INSIDE_PEER, 5080)
        caller.send(message())
        await edge.turn()
        assert len(edge.loop.called[0].received()) == 1
        path.write_text("nonsense")
        await edge.control.loads.reload()
        assert set(edge.loop.listening) == {5080}

    write("first", 5060)
    run_edge(load_config(str(path)), scenario, str(path))


def test_a_reload_that_ends_after_the_edge_was_asked_to_end_opens_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "edge.toml"
    (tmp_path / "edge.dialplan").write_text(RULES)
    path.write_text(CONFIG.replace("LISTENER", "first").replace("PORT", "5060"))

    async def scenario(edge: MemoryEdge) -> None:
        path.write_text(CONFIG.replace("LISTENER", "second").replace("PORT", "5070"))
        edge.server.stop()
        await edge.control.loads.reload()
        assert 5070 not in edge.loop.listening
        assert "reload: nothing changed\nthe edge is ending" in caplog.text

    run_edge(load_config(str(path)), scenario, str(path))
