"""Who opens connections and says little keeps nobody out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest
import uvicorn
from support.console import browser, world_beside

from sipedge.console import connections
from sipedge.console.serving import settings_of

GET = b"GET /log-in HTTP/1.1\r\nHost: localhost\r\n\r\n"
FORM = (
    b"POST /log-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
Steps = Callable[[int], Awaitable[None]]


def _served(folder: Path, steps: Steps) -> None:
    """``steps`` get the port of a console."""
    (folder / "edge.toml").write_text("")
    world = world_beside(folder / "edge.toml")

    async def go() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = uvicorn.Server(settings_of(browser(world).app, world.config))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await steps(listener.getsockname()[1])
            server.should_exit = True
            await serving

    asyncio.run(go())


async def _connected(port: int, said: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    return reader, writer


async def _cut(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET / HT", GET[:-2], FORM + b"a"])
def test_a_request_that_does_not_come_is_not_waited_for(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 0.3)

    async def steps(port: int) -> None:
        began = monotonic()
        reader, writer = await _connected(port, said)
        if said:
            while monotonic() < began + 0.2:  # a byte now and then helps nothing
                await asyncio.sleep(0.05)
                writer.write(b"a")
        assert await _cut(reader) and monotonic() - began < 3
        writer.close()

    _served(tmp_path, steps)


def test_one_that_was_answered_is_no_longer_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 0.3)

    async def steps(port: int) -> None:
        reader, writer = await _connected(port, GET)
        for _ in range(3):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert head.startswith(b"HTTP/1.1 200")
            (length,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            await asyncio.sleep(0.4)
            writer.write(GET)
        writer.close()

    _served(tmp_path, steps)


def test_one_address_has_half_of_all_connections_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connections.MOST_EACH * 2 <= connections.MOST
    monkeypatch.setattr(connections, "MOST_EACH", 4)

    async def steps(port: int) -> None:
        idle = [await _connected(port, b"") for _ in range(4)]
        reader, writer = await _connected(port, GET)
        assert await _cut(reader)
        writer.close()
        idle[0][1].close()
        await idle[0][1].wait_closed()
        for _ in range(100):  # until the console has noticed it, too
            reader, writer = await _connected(port, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            if not await _cut(reader):
                break
        else:
            pytest.fail("a place that is free again is given to nobody")
        for _, each in (*idle, (reader, writer)):
            each.close()

    _served(tmp_path, steps)
