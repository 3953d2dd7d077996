"""An outside and an inside edge, each with one Prosody, and mutual TLS between them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest
from support.certificates import issue
from support.xmpp_pair import NAMES, Pair, pair
from support.xmpp_world import OUR_ROOMS, bounces, passes, two_users, until

from sipedge.servers import engine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def _processes(both: Pair) -> dict[str, tuple[int, ...]]:
    """Prosody and HAProxy of each edge."""
    states = {role: edge.state() for role, edge in both.edges.items()}
    return {role: state.processes for role, state in states.items() if state is not None}


def test_messages_cross_both_edges_and_a_cut_link_is_told_and_comes_back(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "sipedge.xmpp")
    monkeypatch.setattr(engine, "FIRST_PAUSE", 4.0)

    async def run() -> None:
        async with pair() as both, two_users(both.here) as (ours, theirs):
            await both.are_active()
            await passes(ours, theirs)
            await passes(theirs, ours)
            await ours.plugin["xep_0045"].join_muc_wait(f"room@{OUR_ROOMS}", "ours", maxstanzas=0, timeout=20)
            await theirs.plugin["xep_0045"].join_muc_wait(f"room@{OUR_ROOMS}", "theirs", maxstanzas=0, timeout=20)
            before = _processes(both)
            os.kill(before["inside"][1], signal.SIGKILL)
            await both.are_active(False)
            assert "the link between inside and outside is down" in both.reason("outside")
            assert await bounces(theirs, ours) == "remote-server-timeout"
            assert await bounces(ours, theirs) == "remote-server-timeout"
            await both.are_active()
            await passes(theirs, ours)
            after = _processes(both)
            assert after["outside"] == before["outside"] and after["inside"][0] == before["inside"][0]
            assert sum('Event="link down"' in text for text in caplog.messages) == 4

    asyncio.run(run())


def test_an_edge_with_another_name_in_its_certificate_is_kept_out_at_either_end() -> None:
    async def run() -> None:
        async with pair() as both:
            await both.are_active()
            # HAProxy counts the common name of a server, but not that of a client.
            for role, common_name in {"outside": "", "inside": NAMES["inside"]}.items():
                right = both.leaves[role]
                both.leaves[role] = issue(both.here.ca, names=["other.ours.example.com"], cn=common_name)
                both.use(role, "idle = 60.0\n")  # which restarts the process, so that the link is a new one
                await both.are_active(False)
                await until(lambda: "the link between" in both.reason("outside"))
                both.leaves[role] = right
                both.use(role)
                await both.are_active()

    asyncio.run(run())


def test_ends_of_the_link_that_wait_for_a_restart_change_together() -> None:
    async def run() -> None:
        async with pair() as both:
            await both.are_active()
            edge, before = both.edges["outside"], _processes(both)["outside"]
            both.use("outside", 'link_port = 5400\nrestart_time = "by hand"\n')
            await until(lambda: bool((state := edge.state()) and state.restart))
            os.kill(before[1], signal.SIGKILL)
            await until(lambda: bool(both.reason("outside")))
            await both.are_active()  # with the port that the process still has
            assert _processes(both)["outside"][0] == before[0]
            assert edge.restart() == ["XMPP federation (outside)"]
            await until(lambda: bool((state := edge.state()) and not state.pending))
            await both.are_active()
            assert _processes(both)["outside"][0] != before[0]

    asyncio.run(run())
