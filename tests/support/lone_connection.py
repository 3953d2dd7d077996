"""A connection without network: an owner that writes down its calls, a transport of memory, a clock to turn."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sipedge.network.admission import Slices
from sipedge.network.connection import Connection
from sipedge.network.handshakes import shake_hands
from sipedge.network.tcp.transport import End, Transport
from sipedge.network.tls_stream import TlsStream
from sipedge.settings import Limits, Listener
from sipedge.sip.framing import Frame
from tools.clock import Clock
from zones.zone import Hop

TCP = Listener("plain", "127.0.0.1", 5060, transport="TCP")
TLS = Listener("federation", "127.0.0.1", 5061)


class Owner:
    """``told``: the names of the calls, with the reason of ``lost`` and the bodies of ``arrived``."""

    def __init__(self, context: ssl.SSLContext | None = None, limits: Limits | None = None) -> None:
        """``context``: what a TLS connection is given at the server's side."""
        self.limits = limits or Limits()
        self.scratch = memoryview(bytearray(65536))
        self.slices = Slices()
        self.told: list[str] = []
        self.is_owed = False
        self.left: list[bytes] = []
        """What ``lost`` was told that did not arrive."""
        self._context = context
        self.holds_handshakes = False
        """Steps are not made; the test tells the connection what came of one."""

    def made(self, connection: Connection) -> TlsStream | None:
        self.told.append("made")
        return None if self._context is None else TlsStream(self._context, server_side=True)

    def shake_hands(self, connection: Connection, stream: TlsStream) -> None:
        if not self.holds_handshakes:
            connection.shaken(shake_hands(stream))

    def ready(self, connection: Connection) -> None:
        self.told.append("ready")

    def arrived(self, connection: Connection, frames: list[Frame]) -> None:
        self.told.append(f"arrived {len(frames)}")

    def unsent(self, connection: Connection) -> None:
        self.told.append("unsent")

    def half_closed(self, connection: Connection) -> bool:
        self.told.append("half closed")
        return self.is_owed

    def lost(self, connection: Connection, reason: str, unsent: list[bytes]) -> None:
        self.left += unsent
        self.told.append(f"lost: {reason}")

    def gone(self, connection: Connection) -> None:
        self.told.append("gone")


class MemoryTransport(Transport):
    """Keeps what is written; ``ended``: by an end of file or at once. ``peer``: None for one that is gone."""

    def __init__(self, raw: socket.socket, peer: tuple[str, int] | None) -> None:
        self.socket, self.peer = raw, peer
        self.written = b""
        self.ended = ""
        self.reads = True

    def is_closing(self) -> bool:
        return self.ended == "aborted"

    def ends(self) -> tuple[End, End] | None:
        return None if self.peer is None else (self.peer, ("127.0.0.1", 5060))

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def write_eof(self) -> None:
        self.ended = "end of file"

    def close(self) -> None:
        self.ended = "end of file"

    def abort(self) -> None:
        self.ended = "aborted"


class Lone:
    """One connection and what lies on both sides of it."""

    def __init__(self, owner: Owner, origin: Listener | Hop, raw: socket.socket, loop: Clock) -> None:
        self.owner, self.told, self.loop = owner, owner.told, loop
        self.connection = Connection(owner, 1, origin)
        self.transport = MemoryTransport(raw, ("127.0.0.9", 40000))

    def connect(self) -> None:
        self.connection.connection_made(self.transport)

    def receive(self, data: bytes) -> None:
        """Have the event loop read ``data``."""
        while data:
            space = self.connection.get_buffer(-1)
            count = min(len(space), len(data))
            space[:count] = data[:count]
            self.connection.buffer_updated(count)
            data = data[count:]

    def turn(self) -> None:
        """Let the loop do what is due."""
        self.loop.run_until_complete(asyncio.sleep(0))

    def after(self, seconds: float) -> None:
        """Turn the clock and look at it, as the owner's sweep does."""
        self.loop.now += seconds
        self.connection.sweep(self.loop.now)


@contextmanager
def lone() -> Iterator[Callable[..., Lone]]:
    """Gives ``make(origin, context=None, limits=None)``, for as many connections as are wanted."""
    with socket.socket() as raw, asyncio.Runner(loop_factory=Clock) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Clock)

        def make(origin: Listener | Hop, context: ssl.SSLContext | None = None, limits: Limits | None = None) -> Lone:
            async def construct() -> Lone:
                return Lone(Owner(context, limits), origin, raw, loop)

            return runner.run(construct())

        yield make
