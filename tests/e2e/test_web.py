"""Web publishing in the process of a running edge: started with it, told in status, gone with it however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time

import pytest
from support.asked import command
from support.processes import Program, fresh_address, naming
from support.running_edge import listener, neighbor
from support.stream import Stream, connect, request
from support.web_world import JOIN, MEETING, World, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]
BOUND = 1.0
"""Seconds for an answer."""


def _edge(here: World, further: str = "") -> Program:
    """``further``: tables beside those of [web]."""
    path = here.folder / "edge.toml"
    path.write_text(here.text(MEETING) + further)
    return Program([sys.executable, "-m", "sipedge", "run", path], here.folder / "edge.log")


def _engines(here: World) -> set[int]:
    return naming(here.folder / "edge.web")


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


def _ask(stream: Stream, own: str, uri: str, number: int) -> float:
    """An OPTIONS to the edge itself; the seconds until its answer, whatever that is."""
    began = time.monotonic()
    stream.send(request("OPTIONS", uri, own, number, transport="TCP"))
    assert stream.read_message().startswith(b"SIP/2.0 ")
    return time.monotonic() - began


def test_sip_goes_on_while_the_engine_is_killed_and_while_strangers_fill_its_log() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(1)
            uri, own = f"sip:{here.address}", fresh_address()
            sip = listener("sip", here.address, "TCP") + neighbor("Inside", [own], "TCP")
            with _edge(here, sip) as edge:
                await until(lambda: "web publishing is Active" in edge.output())
                engines = _engines(here)
                with connect(own, here.address, 5060) as stream:
                    times = [await asyncio.to_thread(_ask, stream, own, uri, 0)]
                    for victim in engines:
                        with contextlib.suppress(ProcessLookupError):  # the worker ends with its master
                            os.kill(victim, signal.SIGKILL)
                    await until(lambda: edge.output().count("HAProxy (web) has ended") == 1)
                    times += [await asyncio.to_thread(_ask, stream, own, uri, number) for number in range(1, 50)]
                    await until(lambda: bool(_engines(here) - engines))
                    await until(lambda: edge.output().count("web publishing is Active") >= 1)
                    stop = asyncio.Event()
                    noise = [asyncio.create_task(_noise(here, stop)) for _ in range(4)]
                    times += [await asyncio.to_thread(_ask, stream, own, uri, number) for number in range(50, 150)]
                    stop.set()
                    await asyncio.gather(*noise)
                assert max(times) < BOUND

    asyncio.run(run())


async def _noise(here: World, stop: asyncio.Event) -> None:
    """A stranger whose every request is refused, which is a line of HAProxy's log each."""
    while not stop.is_set():
        with contextlib.suppress(OSError, EOFError):
            async with here.connection(JOIN) as connection:
                for _ in range(50):
                    await connection.get("other.example.com")
