"""XMPP federation in the process of a running edge: started with it, told of reloads, gone with it however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from support.processes import Program
from support.xmpp_world import PARTNER, World, bounces, passes, two_users, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}"]\n'


def _edge(here: World, keys: str) -> Program:
    path = here.folder / "edge.toml"
    path.write_text(here.text(keys))
    return Program([sys.executable, "-m", "sipedge", "run", path], here.folder / "edge.log")


def _engines(here: World) -> set[int]:
    """The processes that have a file of this edge's folder on their command line."""
    wanted = str(here.folder / "edge.xmpp").encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            if wanted in words:
                found.add(int(entry.name))
    return found


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
