"""XMPP federation in the process of a running edge: started with it, told of reloads, gone with it however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest
from support.asked import command
from support.processes import Program, naming
from support.xmpp_world import OURS, PARTNER, World, bounces, passes, two_users, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}"]\n'


def _edge(here: World, keys: str) -> Program:
    path = here.folder / "edge.toml"
    path.write_text(here.text(keys))
    return Program([sys.executable, "-m", "sipedge", "run", path], here.folder / "edge.log")


def _engines(here: World) -> set[int]:
    return naming(here.folder / "edge.xmpp")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_engines_follow_reloads_and_end_with_the_edge(number: signal.Signals) -> None:
    async def run() -> None:
        async with world(None, waits=False) as here, two_users(here) as (ours, theirs):
            with _edge(here, "") as edge:
                await until(lambda: "XMPP federation is Active" in edge.output())
                assert await bounces(ours, theirs) == "not-allowed"
                (here.folder / "edge.toml").write_text(here.text(ALLOWED))
                policy = here.folder / "edge.xmpp/outside/policy.cfg.lua"
                os.kill(edge.process.pid, signal.SIGHUP)
                await until(lambda: PARTNER in policy.read_text())
                await until(lambda: edge.output().count("XMPP federation: the changes are in force") == 2)
                await passes(theirs, ours)
                await passes(ours, theirs)
                assert len(_engines(here)) == 2
                os.kill(edge.process.pid, number)
                await until(lambda: not _engines(here))

    asyncio.run(run())


def test_what_a_change_costs_is_told_before_and_the_restart_waits_for_the_admin() -> None:
    by_hand = ALLOWED + 'restart_time = "by hand"\n'

    async def asked(*words: object) -> tuple[int, str, str]:
        return await asyncio.to_thread(command, *words)

    async def run() -> None:
        async with world(None, waits=False) as here, two_users(here) as (ours, theirs):
            toml = here.folder / "edge.toml"
            with _edge(here, by_hand) as edge:
                await until(lambda: "XMPP federation is Active" in edge.output())
                assert (await asked("restart", toml))[::2] == (1, "sipedge: no change waits for a restart\n")
                await passes(ours, theirs)
                wanted = [here.partner, "Outgoing", PARTNER, OURS, "TLS"]
                async with asyncio.timeout(45):
                    while wanted not in map(str.split, (told := (await asked("status", toml))[1]).splitlines()):
                        pass  # the edge asks the engine every two seconds
                assert "XMPP federation: Active\n  version 0.12" in told
                toml.write_text(here.text(by_hand + "idle = 60.0\n"))
                cost = "the outside and inside processes are restarted by hand"
                assert f"note: after a reload: XMPP federation: {cost}" in (await asked("check", toml))[1]
                assert f"\nXMPP federation: {cost}" in (await asked("load", toml))[1]
                assert "  changes wait for the restart by hand" in (await asked("status", toml))[1]
                assert "XMPP federation (inside) is being restarted" in (await asked("restart", toml))[1]
                await until(lambda: edge.output().count("the changes are in force") >= 2)
                assert "after a reload" not in (await asked("check", toml))[1]
                toml.write_text(here.text(ALLOWED).partition("[xmpp]")[0])
                assert "\nXMPP federation: its processes are ended\n" in (await asked("load", toml))[1]

    asyncio.run(run())
