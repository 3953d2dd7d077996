"""Listening sockets by place: opened before anything is closed, kept where the place stays."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from support.edge import LOOPS, Turns, run_in

from sipedge.network.listening import AT_ONCE, Listening, Place, place_of
from sipedge.network.tcp.sockets import Sockets
from sipedge.settings import Listener

ANY = Listener("any", "127.0.0.1", 0, transport="TCP")


def listening_at(inherited: Mapping[Place, socket.socket] = MappingProxyType({})) -> Listening:
    def accept(listener: Listener, taken: socket.socket) -> None:
        """Say which listener it belongs to."""
        taken.sendall(listener.name.encode())
        taken.close()

    return Listening(accept, inherited, Sockets.listen)


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
        inherited = Sockets.listen(ANY.address, ANY.port)
        early = socket.create_connection(inherited.getsockname())
        early.setblocking(False)
        listening = listening_at({place_of(ANY): inherited})
        listening.listen([ANY])
        assert await asyncio.get_running_loop().sock_recv(early, 100) == b"any"
        early.close()
        listening.close()

    run(test)


def test_a_crowd_is_taken_in_several_turns_of_the_loop(run) -> None:  # type: ignore[no-untyped-def]
    async def test() -> None:
        turns, took = Turns(), list[int]()

        def accept(listener: Listener, taken: socket.socket) -> None:
            took.append(turns.number)
            taken.close()

        listening = Listening(accept, {}, Sockets.listen)
        listening.listen([ANY])
        crowd = [socket.create_connection(listening.bound()["any"]) for _ in range(3 * AT_ONCE + 1)]
        async with asyncio.timeout(10):
            while len(took) < len(crowd):
                await asyncio.sleep(0)
        assert max(took.count(turn) for turn in took) == AT_ONCE
        for each in crowd:
            each.close()
        listening.close()
        turns.end()

    run(test)


def test_without_descriptors_it_waits_and_goes_on(run, monkeypatch, caplog) -> None:  # type: ignore[no-untyped-def]
    class Exhausted(socket.socket):
        left = 2

        def accept(self) -> tuple[socket.socket, object]:
            self.left -= 1
            if self.left >= 0:
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    monkeypatch.setattr("sipedge.network.listening.PAUSE", 0.001)

    async def test() -> None:
        exhausted = Exhausted()
        exhausted.bind(("127.0.0.1", 0))
        exhausted.listen()
        exhausted.setblocking(False)
        listening = listening_at({place_of(ANY): exhausted})
        listening.listen([ANY])
        assert await accepted_by(exhausted.getsockname()[1]) == "any"
        assert caplog.text.count("no connection can be taken: Too many open files") == 2
        listening.close()

    run(test)


def test_a_place_may_be_given_up_while_it_waits_for_descriptors(run) -> None:  # type: ignore[no-untyped-def]
    class Exhausted(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            asked.set_result(None)
            raise OSError(errno.EMFILE, "Too many open files")

    asked: asyncio.Future[None]

    async def test() -> None:
        nonlocal asked
        asked = asyncio.get_running_loop().create_future()
        exhausted = Exhausted()
        exhausted.bind(("127.0.0.1", 0))
        exhausted.listen()
        exhausted.setblocking(False)
        listening = listening_at({place_of(ANY): exhausted})
        listening.listen([ANY])
        with socket.create_connection(exhausted.getsockname()):
            await asked
        listening.close()
        assert exhausted.fileno() < 0

    run(test)
