"""Web publishing in the process of a running edge: started with it, told in status, gone with it however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from support.asked import command
from support.processes import Program
from support.web_world import JOIN, MEETING, World, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]


def _edge(here: World) -> Program:
    path = here.folder / "edge.toml"
    path.write_text(here.text(MEETING))
    return Program([sys.executable, "-m", "sipedge", "run", path], here.folder / "edge.log")


def _engines(here: World) -> set[int]:
    """The processes that have a file of this edge's folder on their command line."""
    wanted = str(here.folder / "edge.web").encode()
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
def test_the_engine_follows_reloads_and_ends_with_the_edge(number: signal.Signals) -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(2)
            with _edge(here) as edge:
                await until(lambda: "web publishing is Active" in edge.output())
                assert (await here.get(JOIN)).status == 200
                assert len(_engines(here)) == 2
                (here.folder / "edge.toml").write_text(here.text(MEETING + "sticky = false\n"))
                os.kill(edge.process.pid, signal.SIGHUP)
                config = here.folder / "edge.web/haproxy.cfg"
                await until(lambda: "cookie" not in config.read_text())
                os.kill(edge.process.pid, number)
                await until(lambda: not _engines(here))

    asyncio.run(run())


def test_status_tells_which_server_has_failed_and_why() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(2)
            with _edge(here) as edge:
                await until(lambda: "web publishing is Active" in edge.output())
                await here.servers["cms2"].stop()
                failed = "cms2.example.com:9443"
                reason = "failed: the connection fails: Connection refused"
                async with asyncio.timeout(20):
                    while reason not in (
                        told := (await asyncio.to_thread(command, "status", here.folder / "edge.toml"))[1]
                    ):
                        pass  # the edge asks the engine every two seconds
                assert f"  {JOIN}: {JOIN}\n    cms1.example.com:9443 (" in told
                assert f"    {failed} ({here.servers['cms2'].address}:9443) {reason}, " in told

    asyncio.run(run())
