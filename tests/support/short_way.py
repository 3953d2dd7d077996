"""An edge in memory that has learned a way, so that the next requests go without its core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sipedge.settings import DnsSettings, Limits, Listener, Settings
from sipedge.sip.message import Message
from tools.memory_edge import Far, MemoryEdge, run_edge

from .messages import answer_to, request
from .settings import INSIDE_PEER, ZONES, make_settings

Scenario = Callable[[MemoryEdge, Far, Far], Awaitable[None]]
"""Of an edge, a caller and a callee."""
TAUGHT = 4
"""Requests that go before."""


def settings(remembered: int = 100, **changed: Any) -> Settings:
    """``changed``: of all zones. ``remembered`` 0: all goes through the core."""
    return make_settings(
        zones=tuple(replace(zone, transport="TCP", **changed) for zone in ZONES),
        listeners=(Listener("sip", "203.0.113.1", 5060, transport="TCP"),),
        dns=DnsSettings(("127.0.0.1",)),
        limits=replace(Limits(), remembered=remembered, transactions_per_connection=20_000),
    )


def said(number: int, *behind: str, extra: tuple[str, ...] = ()) -> Message:
    """``behind``: Via values below the topmost one."""
    via = f"SIP/2.0/TCP {INSIDE_PEER}:5060;branch=z9hG4bK{number}"
    return request(via=(via, *behind), call_id=f"call-{number}", cseq=f"{number} MESSAGE", extra=extra, body=b"hello")


def shorts(edge: MemoryEdge) -> int:
    """Requests that are under way without the core."""
    return edge.server._stack._clients.short


def played(scenario: Scenario, settings: Settings, teach: Callable[[int], Message] = said) -> None:
    """``teach``: the requests that go before, by their number."""

    async def whole(edge: MemoryEdge) -> None:
        caller = edge.accept(INSIDE_PEER)
        for number in range(TAUGHT):
            caller.send(teach(number))
            await edge.turn()
            (callee,) = edge.loop.called
            callee.send(*(answer_to(each, 200) for each in callee.received()))
            await edge.turn()
        assert len(caller.received()) == TAUGHT
        await scenario(edge, caller, callee)

    run_edge(settings, whole)
