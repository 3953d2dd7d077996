"""Listening sockets by place: opened before anything is closed, kept where the place stays."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import cast

import pytest
from support.edge import LOOPS, run_in

from sipedge.network.listening import Listening, Place, open_socket, place_of
from sipedge.settings import Listener

ANY = Listener("any", "127.0.0.1", 0, transport="TCP")


class Named(asyncio.Protocol):
    """Says which listener it belongs to."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self._listener.name.encode())


def listening_at(inherited: Mapping[Place, socket.socket] = MappingProxyType({})) -> Listening:
    def accept(listener: Listener, taken: socket.socket) -> None:
        listening.take(taken, Named(listener), lambda: None)

    listening = Listening(accept, inherited, open_socket)
    return listening


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Coroutine[None, None, None]]], None]:
    return lambda test: run_in(request.param, test)


async def accepted_by(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    name = await reader.read(100)
    writer.close()
    return name.decode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
        return port


def test_a_listener_that_changes_at_its_place_keeps_the_socket(run) -> None:  # type: ignore[no-untyped-def]
    async def test() -> None:
        listening = listening_at()
        first = replace(ANY, name="first", port=free_port())
        listening.listen([first])
        before = listening.sockets()
        listening.listen([replace(first, name="second", transport="TLS")])
        assert listening.sockets() == before
        assert await accepted_by(first.port) == "second"
        listening.close()

    run(test)


def test_where_one_cannot_be_opened_none_is(run) -> None:  # type: ignore[no-untyped-def]
    async def test() -> None:
        listening = listening_at()
        kept, free = (replace(ANY, name=name, port=free_port()) for name in ("kept", "free"))
        listening.listen([kept])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            busy = replace(ANY, name="busy", port=taken.getsockname()[1])
            said = rf'^listener "busy" \(edge.toml:16\): 127.0.0.1:{busy.port} is in use$'
            with pytest.raises(OSError, match=said):
                listening.open([free, busy], {"listener busy": "edge.toml:16"})
        assert await accepted_by(kept.port) == "kept"
        with pytest.raises(ConnectionRefusedError):
            await accepted_by(free.port)
        listening.listen([free, busy])
        assert await accepted_by(busy.port) == "busy"
        listening.close()

    run(test)


def test_an_inherited_socket_serves_who_connected_before(run) -> None:  # type: ignore[no-untyped-def]
    async def test() -> None:
        inherited = open_socket(ANY)
        early = socket.create_connection(inherited.getsockname())
        early.setblocking(False)
        listening = listening_at({place_of(ANY): inherited})
        listening.listen([ANY])
        assert await asyncio.get_running_loop().sock_recv(early, 100) == b"any"
        early.close()
        listening.close()

    run(test)
