"""What goes on while the configuration changes or the engine dies: WebSockets, downloads, new connections."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from support.web_client import Connection
from support.web_world import FRONT, JOIN, MEETING, World, rule, until, world

REQUESTS = 700
"""Of all loops, at least."""
IDLE = float(os.environ.get("SIPEDGE_WEB_IDLE", "1"))
"""Seconds that a WebSocket says nothing: 600 in make soak OPTIONS=--web, and the download is ten times as large."""
SIZE = (200 if IDLE >= 60 else 20) * 1024 * 1024
MOST_MEMORY = 40 * 1024
"""KiB that a worker may have more than before: a part of one download is a good deal less."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60 + 2 * IDLE)]


async def _both(here: World) -> str:
    """A web bridge and a front end; their tables."""
    await here.bridges(2)
    front = await here.serve("front", 4443, names=["pool.inside.example.com"])
    tables = MEETING + rule("FE", [FRONT], [front], 'verify_name = "pool.inside.example.com"')
    here.use(tables)
    await here.is_active()
    return tables


async def _loop(here: World, host: str, stop: asyncio.Event) -> list[int]:
    """New connections, one after the other; their statuses."""
    statuses = []
    while not stop.is_set():
        statuses.append((await here.get(host)).status)
    return statuses


async def _slowly(connection: Connection, started: asyncio.Event, go_on: asyncio.Event) -> int:
    """The bytes of a large download whose reader pauses in the middle."""
    connection.writer.write(f"GET /large/{SIZE} HTTP/1.1\r\nHost: {FRONT}\r\n\r\n".encode())
    assert (await connection.head())[0] == 200
    size = len(await connection.reader.readexactly(SIZE // 4))
    started.set()
    await go_on.wait()
    return size + len(await connection.reader.readexactly(SIZE - size))


def test_three_reloads_fail_no_request_and_leave_a_websocket_and_a_download_alone() -> None:
    async def run() -> None:
        async with world(JOIN, FRONT) as here:
            tables = await _both(here)
            stop, started = asyncio.Event(), asyncio.Event()
            async with here.connection(JOIN) as socket, here.connection(FRONT) as download:
                assert (await socket.upgrade(JOIN)).status == 101
                slow = asyncio.create_task(_slowly(download, started, stop))
                loops = [asyncio.create_task(_loop(here, host, stop)) for host in (JOIN, FRONT)]
                await started.wait()
                for seconds in (301, 302, 303):
                    here.use(tables + f"read_timeout = {seconds}\n")
                    await here.is_active()
                    assert await socket.echoes(f"after {seconds}")
                await until(lambda: sum(len(server.asked) for server in here.servers.values()) > REQUESTS + 10)
                stop.set()
                statuses = [status for loop in await asyncio.gather(*loops) for status in loop]
                assert set(statuses) == {200} and len(statuses) >= REQUESTS
                assert await slow == SIZE
                await socket.close()
            assert here.state().restarts == 0

    asyncio.run(run())


def test_a_websocket_that_says_nothing_stays_open() -> None:
    async def run() -> None:
        async with world(JOIN, FRONT) as here:
            await _both(here)
            async with here.connection(JOIN) as socket:
                assert (await socket.upgrade(JOIN)).status == 101
                await asyncio.sleep(IDLE)
                assert await socket.echoes("still there")

    asyncio.run(run())


def test_a_slow_reader_costs_no_memory() -> None:
    async def run() -> None:
        async with world(JOIN, FRONT) as here:
            await _both(here)
            master, started, go_on = here.state().processes[0], asyncio.Event(), asyncio.Event()
            before = _memory(master)
            async with here.connection(FRONT) as download:
                slow = asyncio.create_task(_slowly(download, started, go_on))
                await started.wait()
                await here.answered_by(JOIN, 30)  # all of the download that fits anywhere has come meanwhile
                assert _memory(master) - before < MOST_MEMORY
                go_on.set()
                assert await slow == SIZE

    asyncio.run(run())


def _memory(master: int) -> int:
    """KiB of the worker."""
    worker = Path(f"/proc/{master}/task/{master}/children").read_text().split()[0]
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_a_configuration_that_cannot_be_used_changes_nothing() -> None:
    async def run() -> None:
        async with world(JOIN, FRONT) as here:
            tables = await _both(here)
            trusted = here.folder / "broken.pem"
            trusted.write_text(here.ca.certificate.read_text())
            here.use(tables.replace("[[web", f'trusted = "{trusted}"\n[[web', 1))
            await here.is_active()
            trusted.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            here.publication.follow(here.settings)
            await until(lambda: "refuses its configuration" in here.state().reason)
            assert (await here.get(JOIN)).status == 200
            here.use(tables)
            await here.is_active()
            assert (await here.get(JOIN)).status == 200

    asyncio.run(run())


def test_a_port_that_somebody_else_has_is_told_and_what_was_in_force_goes_on() -> None:
    async def run() -> None:
        async with world(JOIN, FRONT) as here:
            tables = await _both(here)
            taken = await asyncio.start_server(lambda reader, writer: None, here.address, 8444)
            here.plain = 8444
            here.use(tables)
            await until(lambda: "the last change is not in force" in here.state().reason)
            assert f"{here.address}:8444" in here.state().reason
            assert (await here.get(JOIN)).status == 200
            here.plain = 8080
            here.use(tables)
            await here.is_active()
            taken.close()
            await taken.wait_closed()

    asyncio.run(run())


def test_an_engine_that_is_killed_is_back_within_five_seconds() -> None:
    async def run() -> None:
        async with world(JOIN, FRONT) as here:
            await _both(here)
            loop = asyncio.get_running_loop()
            began = loop.time()
            os.kill(here.state().processes[0], signal.SIGKILL)
            await until(lambda: here.state().restarts == 1)
            await here.is_active()
            assert (await here.get(JOIN)).status == 200
            assert loop.time() - began < 5

    asyncio.run(run())
