"""``Connections`` on loopback with all its callbacks written down, for tests with real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import uvloop

from sipedge.network.connections import Connections
from sipedge.network.revocation import Revocations
from sipedge.network.tls import TlsContexts
from sipedge.proxy.events import ConnectionClosed, ConnectionFailed, ConnectionOpened
from sipedge.settings import Certificate, Limits, Listener, Tls
from sipedge.sip.framing import FramingError
from sipedge.sip.message import Message
from zones.table import ZoneTable
from zones.zone import AnyZone

from .certificates import Ca, Leaf

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
RETIRE_WITHIN = 0.3
"""Seconds."""
PATIENCE = 15.0
NO_TLS = Tls()
LIMITS = Limits()


class Turns:
    """Counts the turns of the running loop until ``end``; it does not sleep meanwhile."""

    def __init__(self) -> None:
        self.number = 0
        self._next = asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self.number += 1
        self._next = asyncio.get_running_loop().call_soon(self._turn)

    def end(self) -> None:
        self._next.cancel()


def run_in(loop: str, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in an event loop; whatever reaches the loop's exception handler fails it."""
    unhandled: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
        try:
            await test()
        finally:
            assert not unhandled, unhandled

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(watched())


def settings_for(ca: Ca, *servers: Leaf, client: Leaf | None = None) -> Tls:
    def certificate(leaf: Leaf) -> Certificate:
        return Certificate(str(leaf.certificate), str(leaf.key))

    own = None if client is None else certificate(client)
    return Tls(server=tuple(map(certificate, servers)), client=own, trusted=str(ca.certificate))


@dataclass
class Edge:
    """Make it with ``Edge.start``; use it as ``async with``."""

    connections: Connections = field(init=False)
    address: tuple[str, int] = ("", 0)
    opened: list[ConnectionOpened] = field(default_factory=list)
    messages: list[tuple[int, Message]] = field(default_factory=list)
    malformed: list[tuple[int, FramingError]] = field(default_factory=list)
    failed: list[ConnectionFailed] = field(default_factory=list)
    closed: list[ConnectionClosed] = field(default_factory=list)
    unsent: list[bytes] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    """Connections on which some answer is awaited; in ``owed`` those whose peers wait for one."""
    owed: set[int] = field(default_factory=set)
    on_opened: Callable[[ConnectionOpened], None] = lambda opened: None
    on_message: Callable[[int, Message], None] = lambda connection, message: None
    on_read: Callable[[], None] = lambda: None
    on_malformed: Callable[[int, FramingError], None] = lambda connection, error: None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def start(
        cls,
        tls: Tls = NO_TLS,
        *,
        limits: Limits = LIMITS,
        zones: Iterable[AnyZone] = (),
        listener: Listener | None = None,
        trusted: str = "",
    ) -> Edge:
        """``trusted``: an address that is never banned."""
        zones = tuple(zones)
        edge = cls()
        edge.connections = Connections(
            limits=limits,
            tls=TlsContexts(tls, [listener] if listener else [], zones),
            egress=ZoneTable(zones).egress,
            revocations=Revocations(zones),
            on_opened=lambda event: edge._note(edge.opened, event, lambda: edge.on_opened(event)),
            on_message=lambda number, message: edge._note(
                edge.messages, (number, message), lambda: edge.on_message(number, message)
            ),
            on_read=lambda: edge.on_read(),
            on_malformed=lambda number, error: edge._note(
                edge.malformed, (number, error), lambda: edge.on_malformed(number, error)
            ),
            on_failed=lambda event: edge._note(edge.failed, event, lambda: None),
            on_closed=lambda event, unsent: edge._note(edge.closed, event, lambda: edge.unsent.extend(unsent)),
            is_used=lambda connection: connection in edge.used,
            is_owed=lambda connection: connection in edge.owed,
            retire_within=RETIRE_WITHIN,
            is_trusted=lambda address: address == trusted,
        )
        if listener is not None:
            edge.connections.listening.listen([listener])
            edge.address = edge.connections.listening.bound()[listener.name]
        return edge

    async def __aenter__(self) -> Edge:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connections.aclose()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a callback makes ``condition`` true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _note(self, notes: list[Any], item: object, then: Callable[[], None]) -> None:
        notes.append(item)
        then()
        self._changed.set()


def message(body: bytes = b"", method: bytes = b"MESSAGE") -> bytes:
    return (
        method + b" sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a.example.com;branch=z9hG4bK1\r\n"
        b"Call-ID: 1@a.example.com\r\nContent-Length: %d\r\n\r\n" % len(body)
    ) + body


async def connect_raw(address: tuple[str, int], *, receive_buffer: int = 0) -> socket.socket:
    """A non-blocking TCP socket, for ``loop.sock_*``."""
    raw = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    raw.setblocking(False)
    if receive_buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(raw, address)
    except BaseException:
        raw.close()
        raise
    return raw


async def receive(raw: socket.socket, enough: Callable[[bytes], object] = lambda data: False) -> bytes:
    """What comes until ``enough`` of it says so or the peer is through (or resets)."""
    data = b""
    async with asyncio.timeout(PATIENCE):
        while not enough(data):
            try:
                more = await asyncio.get_running_loop().sock_recv(raw, 65536)
            except ConnectionResetError:
                break
            if not more:
                break
            data += more
    return data
