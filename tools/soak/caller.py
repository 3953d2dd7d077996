"""The near end of a pair: sends MESSAGE and INVITE, takes answers, connects again when its connection has ended."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from time import monotonic
from typing import cast

from tools.live import wire

from .callee import reset, tag_of
from .ledger import Ledger

CONNECT_AGAIN = 0.05
INVITES = 4
"""One request of so many is an INVITE."""
HEAD = (
    b"%(method)b %(uri)b SIP/2.0\r\nVia: SIP/2.0/%(transport)b %(own)b;branch=z9hG4bK-%(call)b\r\n"
    b"Max-Forwards: 70\r\nFrom: <sip:alice@near.example>;tag=%(call)b\r\nTo: <%(uri)b>\r\nCall-ID: %(call)b\r\n"
    b"CSeq: 1 %(method)b\r\nContact: <sip:alice@%(own)b>\r\nUser-Agent: soak\r\n"
)
BODY = b"Content-Type: text/plain\r\nContent-Length: 120\r\n\r\n" + b"0123456789 " * 10 + b"0123456789"


class CallerConnection(asyncio.Protocol):
    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._splitter = wire.Splitter()
        self.waiting: set[bytes] = set()
        """Call-IDs of requests without a final response."""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def data_received(self, data: bytes) -> None:
        for message in self._splitter.feed(data):
            if wire.status_of(message) >= 200:
                self._caller.final(message, self)

    def connection_lost(self, error: Exception | None) -> None:
        self._caller.lost(self)


class Caller:
    """``uri`` makes the Request-URI of the request with that number."""

    def __init__(
        self,
        ledger: Ledger,
        pair: str,
        own: str,
        edge: tuple[str, int],
        tls: ssl.SSLContext | None,
        uri: Callable[[int], bytes],
    ) -> None:
        self._ledger, self.pair, self._own, self._edge, self._tls, self._uri = ledger, pair, own, edge, tls, uri
        self._connection: CallerConnection | None = None
        self._sent = 0
        self._ended = False
        self._connecting: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Try until the edge takes it."""
        loop = asyncio.get_running_loop()
        while not self._ended:
            with contextlib.suppress(OSError, TimeoutError):
                made = loop.create_connection(
                    lambda: CallerConnection(self),
                    *self._edge,
                    local_addr=(self._own, 0),
                    ssl=self._tls,
                    server_hostname=self._edge[0] if self._tls else None,
                )
                _, self._connection = await asyncio.wait_for(made, 10)
                return
            await asyncio.sleep(CONNECT_AGAIN)

    def send(self, now: float) -> None:
        """The next request; counted as unsent while there is no connection."""
        connection = self._connection
        if connection is None or connection.transport.is_closing():
            self._ledger.phase.unsent += 1
            return
        self._sent += 1
        invite = self._sent % INVITES == 0
        call = self._ledger.sent(self.pair, invite, now)
        connection.waiting.add(call)
        head = self._head(b"INVITE" if invite else b"MESSAGE", self._uri(self._sent), call)
        connection.transport.write(head + BODY)

    def final(self, response: bytes, connection: CallerConnection) -> None:
        call, status = wire.value(response, b"call-id"), wire.status_of(response)
        connection.waiting.discard(call)
        to = wire.value(response, b"to")
        self._ledger.final(call, status, to.endswith(b";tag=" + tag_of(call)), monotonic())
        if wire.value(response, b"cseq").endswith(b"INVITE"):
            connection.transport.write(self._acknowledge(response, call, status))

    def lost(self, connection: CallerConnection) -> None:
        self._ledger.cut(connection.waiting, monotonic())
        if connection is self._connection:
            self._connection = None
            self._connecting = asyncio.get_running_loop().create_task(self.connect())

    def reset(self) -> None:
        """End the connection with an RST; the next one is opened at once."""
        if self._connection is not None:
            reset(self._connection.transport)

    def read(self, reads: bool) -> None:
        """Take answers, or leave them to the edge."""
        if self._connection is None or self._connection.transport.is_closing():
            return
        if reads:
            self._connection.transport.resume_reading()
        else:
            self._connection.transport.pause_reading()

    def close(self) -> None:
        self._ended = True
        if self._connection is not None:
            self._connection.transport.abort()

    def _head(self, method: bytes, uri: bytes, call: bytes) -> bytes:
        transport = b"TLS" if self._tls else b"TCP"
        return HEAD % {
            b"method": method,
            b"uri": uri,
            b"transport": transport,
            b"own": self._own.encode(),
            b"call": call,
        }

    def _acknowledge(self, response: bytes, call: bytes, status: int) -> bytes:
        """RFC 3261 13.2.2.4 after a 2xx, with its own branch and the route of the dialog; 17.1.1.3 else."""
        to = b"To: " + wire.value(response, b"to")
        head = self._head(b"ACK", to.partition(b"<")[2].partition(b">")[0], call)
        lines = [to if line.startswith(b"To:") else line for line in wire.lines_of(head.rstrip())]
        if status < 300:
            lines[1] += b"-ack"
            routes = wire.values(response, b"record-route")
            lines += [b"Route: " + route for route in reversed(routes)]
        return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])
