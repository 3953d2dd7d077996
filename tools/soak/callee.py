"""The far end of a pair: says 200 to every request, and behaves as badly as a fault wants it to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from typing import cast

from tools.live import wire

from .ledger import Ledger

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: a close is an RST."""
BYTE_PAUSE = 1.0
SMALL = 16384
"""Bytes that the kernel takes for the callee of the faulty pair: what that does not read is soon the edge's to hold.
Others have what is usual: a kernel short of both room and time drops segments, and then waits for seconds by itself."""


def tag_of(call: bytes) -> bytes:
    """The tag that a callee gives to a request: its sender knows by it whose answer it has."""
    return b"callee-" + call


def reset(transport: asyncio.Transport) -> None:
    """End a connection with an RST."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


class CalleeConnection(asyncio.Protocol):
    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._splitter = wire.Splitter()
        self._said_goodbye = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own
        self._callee.connections.add(self)

    def data_received(self, data: bytes) -> None:
        for message in self._splitter.feed(data):
            if not wire.status_of(message):
                self._callee.received(message, self)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._callee.connections.discard(self)

    @property
    def takes_answers(self) -> bool:
        return not (self._said_goodbye or self.transport.is_closing())

    def half_close(self) -> None:
        """Say that nothing more will be written, and read on."""
        if self.takes_answers:
            self._said_goodbye = True
            self.transport.write_eof()

    def trickle(self) -> asyncio.Task[None]:
        """Read a byte a second from now on, until the task is cancelled."""
        self.transport.pause_reading()
        return asyncio.create_task(self._trickle(socket.socket(fileno=self._duplicate())))

    def _duplicate(self) -> int:
        return os.dup(self.transport.get_extra_info("socket").fileno())

    async def _trickle(self, reader: socket.socket) -> None:
        reader.setblocking(False)
        try:
            while True:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    self.data_received(reader.recv(1))
                await asyncio.sleep(BYTE_PAUSE)
        finally:
            reader.close()
            if not self.transport.is_closing():
                self.transport.resume_reading()


class Callee:
    """Listens on one address. ``delay``: seconds until it answers each fourth request; the others at once.

    ``small``: with a receive buffer of SMALL bytes.
    """

    def __init__(
        self,
        ledger: Ledger,
        own: str,
        port: int,
        edge: tuple[str, int],
        tls: ssl.SSLContext | None,
        delay: float,
        small: bool = False,
    ) -> None:
        self._ledger, self._own, self._port, self._edge, self._tls = ledger, own, port, edge, tls
        self._delay, self._small = delay, small
        self._received = 0
        self._server: asyncio.Server | None = None
        self._back: CalleeConnection | None = None
        self.connections: set[CalleeConnection] = set()
        self.mute = False
        """It takes requests and says nothing."""

    async def listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._small:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        listener.bind((self._own, self._port))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: CalleeConnection(self), sock=listener, ssl=self._tls)

    def stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def die(self) -> None:
        """As a process that is killed: nobody listens, connections end."""
        self.stop_listening()
        for connection in [*self.connections]:
            connection.transport.abort()

    def received(self, request: bytes, connection: CalleeConnection) -> None:
        if request.startswith(b"ACK "):
            return
        call = wire.value(request, b"call-id")
        self._received += 1
        held = self._delay if self._received % 4 == 0 else 0.0
        self._ledger.delivered(call, held)
        if self.mute:
            return
        response = wire.answer(request, b"200 OK", tag_of(call))
        if held:
            asyncio.get_running_loop().call_later(held, self._say, connection, response)
        else:
            self._say(connection, response)

    def _say(self, connection: CalleeConnection, response: bytes) -> None:
        """On the connection of the request; on a new one to the edge when that has ended (RFC 3261 18.2.2)."""
        if connection.takes_answers:
            connection.transport.write(response)
        elif self._server is not None:
            asyncio.get_running_loop().create_task(self._say_anew(response))

    async def _say_anew(self, response: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._back is None or not self._back.takes_answers:
                loop = asyncio.get_running_loop()
                _, self._back = await loop.create_connection(
                    lambda: CalleeConnection(self), *self._edge, local_addr=(self._own, 0)
                )
            self._back.transport.write(response)
