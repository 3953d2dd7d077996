"""One connection over loopback: what its receiver is told, and what the peer gets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

import pytest
from support.connections import Run

from sipedge.network.tcp.options import HIGH_WATER
from sipedge.network.tcp.sockets import Sockets
from sipedge.network.tcp.transport import Transport

NOW = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset."""


class Told:
    """A receiver that writes down what it is told."""

    transport: Transport

    def __init__(self) -> None:
        self.events: list[str] = []
        self.came = b""
        self.error: Exception | None = None
        self.keeps_open = False
        self.fails = ""
        """Where it breaks."""
        self._space = memoryview(bytearray(65536))

    def connection_made(self, transport: Transport) -> None:
        self.transport = transport
        self.note("made")

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        self.came += self._space[:nbytes]
        self.note("read")

    def eof_received(self) -> bool:
        self.note("end")
        return self.keeps_open

    def connection_lost(self, exc: Exception | None) -> None:
        assert self.transport.socket.fileno() >= 0
        self.error = exc
        self.note("lost")

    def pause_writing(self) -> None:
        self.note("full")

    def resume_writing(self) -> None:
        self.note("room")

    def note(self, event: str) -> None:
        self.events.append(event)
        if event == self.fails:
            raise RuntimeError(event)

    async def until(self, event: str) -> None:
        async with asyncio.timeout(10):
            while event not in self.events:
                await asyncio.sleep(0)


def connected(test: Callable[[Told, socket.socket], Awaitable[None]]) -> Callable[[], Coroutine[None, None, None]]:
    """``test`` gets a receiver that has connected, and the peer's socket."""

    async def whole() -> None:
        sockets, told = Sockets(), Told()
        with Sockets.listen("127.0.0.1", 0) as listening:
            await sockets.connect(told, *listening.getsockname(), "127.0.0.2")
            peer, (address, _) = listening.accept()
        peer.setblocking(False)
        assert address == "127.0.0.2"
        assert told.transport.ends() == (peer.getsockname(), peer.getpeername())
        with peer:
            await test(told, peer)
        told.transport.abort()
        await told.until("lost")
        await asyncio.sleep(0)
        assert told.transport.socket.fileno() < 0
        assert told.events.count("lost") == 1
        sockets.close()

    return whole


def test_bytes_go_both_ways_and_the_peers_end_is_told(run: Run) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        told.transport.write(b"there")
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"there"
        peer.send(b"and back")
        await told.until("read")
        peer.shutdown(socket.SHUT_WR)
        await told.until("lost")
        assert told.came == b"and back"
        assert told.events == ["made", "read", "end", "lost"]
        assert told.error is None

    run(connected(test))


def test_a_receiver_may_write_on_after_the_peers_end(run: Run) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        told.keeps_open = True
        peer.shutdown(socket.SHUT_WR)
        await told.until("end")
        told.transport.resume_reading()
        for _ in range(5):
            await asyncio.sleep(0)
        assert told.events == ["made", "end"]
        told.transport.write(b"an answer")
        told.transport.write_eof()
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"an answer"
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b""

    run(connected(test))


@pytest.mark.parametrize("end", [Transport.write_eof, Transport.close])
def test_what_the_peer_does_not_read_waits_and_the_end_behind_it(run: Run, end: Callable[[Transport], None]) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        data, loop = bytes(range(256)) * (40 * HIGH_WATER // 256), asyncio.get_running_loop()
        told.transport.write(data)
        told.transport.write(b"the last")
        assert told.events == ["made", "full"]
        assert told.transport.get_write_buffer_size() > HIGH_WATER
        end(told.transport)
        got = b""
        while more := await loop.sock_recv(peer, 1 << 20):
            got += more
        assert got == data + b"the last"

    run(connected(test))


def test_there_is_room_again_as_soon_as_the_peer_reads(run: Run) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        loop, size = asyncio.get_running_loop(), 40 * HIGH_WATER
        told.transport.write(bytes(size))
        while size:
            size -= len(await loop.sock_recv(peer, 1 << 20))
        assert told.events == ["made", "full", "room"]
        assert told.transport.get_write_buffer_size() == 0

    run(connected(test))


def test_a_reset_is_told_once_and_later(run: Run) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
        peer.close()
        await told.until("lost")
        assert isinstance(told.error, ConnectionResetError)
        told.transport.write(b"too late")
        assert told.transport.is_closing()

    run(connected(test))


def test_a_write_that_fails_is_told_later_and_nothing_of_it_counts_as_sent(run: Run) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        told.transport.pause_reading()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
        peer.close()
        for _ in range(5):
            await asyncio.sleep(0)
        assert told.events == ["made"]  # who does not read hears of nothing
        told.transport.write(b"to nobody")
        assert told.events == ["made"] and told.transport.get_write_buffer_size() == 9
        await told.until("lost")
        assert isinstance(told.error, ConnectionError)

    run(connected(test))


def test_who_pauses_is_told_what_came_when_he_goes_on(run: Run) -> None:
    async def test(told: Told, peer: socket.socket) -> None:
        told.transport.pause_reading()
        peer.send(b"in between")
        for _ in range(5):
            await asyncio.sleep(0)
        assert told.came == b""
        told.transport.resume_reading()
        await told.until("read")
        assert told.came == b"in between"

    run(connected(test))


@pytest.mark.parametrize("where", ["made", "read", "end"])
def test_a_receiver_that_fails_loses_its_connection_only(run: Run, where: str) -> None:
    async def test() -> None:
        loop, reported = asyncio.get_running_loop(), list[object]()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        sockets, told = Sockets(), Told()
        told.fails = where
        near, peer = socket.socketpair()
        with peer:
            with suppress(RuntimeError):
                sockets.take(near, told)
            peer.send(b"x")
            peer.shutdown(socket.SHUT_WR)
            await told.until("lost")
        await asyncio.sleep(0)
        assert near.fileno() < 0
        assert [type(each) for each in reported] == [RuntimeError]
        assert isinstance(told.error, RuntimeError)
        sockets.close()

    run(test)
