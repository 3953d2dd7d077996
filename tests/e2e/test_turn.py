"""TURN in the process of a running edge: started with it, told in status, gone with it however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from support.asked import command
from support.processes import Program
from support.turn_world import world
from support.web_world import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_engine_ends_with_the_edge(number: signal.Signals) -> None:
    async def run() -> None:
        async with world() as here:
            path = here.folder / "edge.toml"
            path.write_text(here.text())
            with Program([sys.executable, "-m", "sipedge", "run", path], here.folder / "edge.log") as edge:
                await until(lambda: "TURN is Active" in edge.output())
                async with here.client() as client:
                    assert isinstance(await client.allocate(), tuple)
                    told = (await asyncio.to_thread(command, "status", path))[1]
                assert "TURN: Active\n  version " in told and "\n  1 allocation\n" in told
                engine = int(told.partition(", processes ")[2].split()[0])
                os.kill(edge.process.pid, number)
                await until(lambda: not Path(f"/proc/{engine}").exists())

    asyncio.run(run())
