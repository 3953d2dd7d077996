"""One TCP or TLS connection: bytes in to frames, frames out to bytes, and how long it may take over anything.

Phases, in this order and never back:

    HANDSHAKE   TLS only; nothing that arrives is SIP yet
    OPEN        the owner was told (``ready``); frames go to it
    CLOSING     our last bytes and our end-of-file are out; what still arrives is thrown away, so that a reset does not
                overtake the answer that says why (RFC 9112 9.6 has the same problem)
    CLOSED

Every wait has one ``deadline``, looked at by the owner's sweep once in a while: cheaper than a timer for each message.
Ciphertext of all connections is read into the owner's one scratch buffer, for it is consumed before the next read.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from enum import IntEnum
from time import perf_counter
from typing import Protocol, cast

from sipedge.settings import Limits
from sipedge.sip.framing import Frame, Framer
from zones.addresses import host_port
from zones.zone import Hop, Transport

from .tls import openssl_reason
from .tls_stream import WANT_MORE, TlsStream

HIGH_WATER = 512 * 1024
"""Unsent bytes at which a connection is *blocked*: no more is written to it and it is not read from."""
LOW_WATER = 128 * 1024
READ_AGAIN = 2.0
"""Seconds after which a blocked connection is read again. Two edges that wait for each other to read would never end;
the send queue's limit holds meanwhile."""
LINGER = 2.0
SLICE = 0.002
"""Seconds of work after which the other connections have their turn."""
LARGEST_READ, SMALLEST_READ = 65536, 1024
KEEP_ALIVE = 30
"""Seconds of silence after which TCP asks whether the peer is still there (RFC 9293 3.8.4)."""


class Phase(IntEnum):
    HANDSHAKE = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


class Owner(Protocol):
    """What a connection needs from connections.py."""

    limits: Limits
    scratch: memoryview

    def made(self, connection: Connection) -> TlsStream | None:
        """Give the stream that a TLS connection needs; may ``refuse`` the connection instead."""

    def ready(self, connection: Connection) -> None:
        """Judge the peer; may ``close``. The handshake is done, no SIP byte was looked at."""

    def arrived(self, connection: Connection, frames: list[Frame]) -> None: ...

    def unsent(self, connection: Connection) -> None:
        """Call ``flush`` at the end of this turn of the loop."""

    def lost(self, connection: Connection, reason: str) -> None:
        """No frame comes any more and nothing can be sent."""

    def gone(self, connection: Connection) -> None:
        """The socket is closed."""


class Connection(asyncio.BufferedProtocol):
    def __init__(
        self, owner: Owner, number: int, *, transport: Transport, listener: str | None = None, hop: Hop | None = None
    ) -> None:
        """``hop``: set on a connection that the edge opened."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._stream: TlsStream | None = None
        self._framer: Framer
        self._out: list[bytes] = []
        self._queued = 0
        self._blocked_since: float | None = None
        self._message_began = False
        self._silent = hop is None
        self._window = LARGEST_READ
        """Bytes to read at once: less where little costs much."""
        self._offered = 0
        self.number, self.transport, self.listener, self.hop = number, transport, listener, hop
        self.phase = Phase.HANDSHAKE
        self.deadline = float("inf")
        self.waits_for = ""
        """What ``deadline`` is about, for the log."""
        self.peer: tuple[str, int] = ("", 0)
        self.local: tuple[str, int] = ("", 0)
        self.client_stream: TlsStream | None = None
        """Made before connecting, because the zone's policy is known then."""
        self.source = ""
        """Whose share of the accepted connections it counts in; '' when in nobody's."""
        self.generation = 0
        self.drain_by = float("inf")
        self.malformed_in_a_row = 0
        self.refusal = "handshake"
        """Why it did not come about, should that happen; a word for metrics."""

    def __str__(self) -> str:
        where = f'listener "{self.listener}"' if self.hop is None else f'zone "{self.hop.zone}"'
        return f"{self.transport} {host_port(self.peer[0], self.peer[1])} ({where})"

    @property
    def tls(self) -> ssl.SSLObject | None:
        return None if self._stream is None else self._stream.object

    # ------------------------------------------------------------------------------------------------ event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        if self.phase is not Phase.HANDSHAKE:  # closed before it was made
            self._transport.abort()
            return
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not peer or not local:
            self.abort("the peer was gone before the connection was taken")
            return
        self.peer, self.local = peer[:2], local[:2]
        self._transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        _watch(transport.get_extra_info("socket"), self._owner.limits.message_time)
        stream = self._owner.made(self)
        if self.phase is not Phase.HANDSHAKE:
            return
        if stream is None:
            self._ready()
        else:
            self._stream = stream
            self._wait(self._owner.limits.handshake, "the TLS handshake took too long")
            if self.hop is not None:
                self._shake_hands()

    def get_buffer(self, sizehint: int) -> memoryview:
        plain = self._stream is None and self.phase is Phase.OPEN
        space = self._framer.space() if plain else self._owner.scratch
        self._offered = min(len(space), self._window)
        return space[: self._offered]

    def buffer_updated(self, nbytes: int) -> None:
        if self.phase >= Phase.CLOSING:
            return
        began = perf_counter()
        if self._stream is None:
            self._arrived(self._framer.received(nbytes))
        else:
            self._stream.receive(self._owner.scratch[:nbytes])
            if self.phase is Phase.OPEN or self._shake_hands():
                self._decrypt(self._stream)
        self._take_turns(nbytes, perf_counter() - began)

    def eof_received(self) -> None:
        self._end(self._peer_closed())

    def connection_lost(self, exc: Exception | None) -> None:
        if self.phase < Phase.CLOSING:
            reason = self._peer_closed() if exc is None else f"the connection broke: {os_reason(exc)}"
            self._end(reason)
        self.phase = Phase.CLOSED
        self._owner.gone(self)

    def pause_writing(self) -> None:
        self._blocked_since = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._blocked_since = None
        self._read_again()
        self.flush()

    # ------------------------------------------------------------------------------------------------ the owner

    def send(self, data: bytes) -> None:
        """Queue for this turn of the loop. A peer that leaves more than ``limits.send_queue`` unread is cut off."""
        if not self._out:
            self._owner.unsent(self)
        self._out.append(data)
        self._queued += len(data)
        if self._queued > self._owner.limits.send_queue:
            self.flush()
            if self._queued > self._owner.limits.send_queue:
                self.abort("the peer does not read: its send queue is full")

    def flush(self) -> None:
        """Write what ``send`` collected: one TLS record (of up to 16 KiB) and one system call for all of it."""
        if not self._out or self._blocked_since is not None or self.phase is not Phase.OPEN:
            return
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._queued = 0
        if not self._message_began and not self._silent:
            self._wait(self._owner.limits.idle, "idle")
        self._write(data)

    def close(self, reason: str) -> None:
        """Send what is queued, say goodbye, then ``lost`` (within this call)."""
        self.flush()
        self._end(reason)

    def abort(self, reason: str) -> None:
        """Close at once; what is queued is lost."""
        self._out.clear()
        self._queued = 0
        if self.phase < Phase.CLOSING:
            self.phase = Phase.CLOSING
            self._owner.lost(self, reason)
        if self._transport is not None:
            self._transport.abort()

    def refuse(self) -> None:
        """Close at once without ``lost``: nobody was told of this connection."""
        self.phase = Phase.CLOSING
        if self._transport is not None:
            self._transport.abort()

    def sweep(self, now: float) -> None:
        """Look at the clock."""
        if self._blocked_since is not None and now - self._blocked_since > READ_AGAIN:
            self._read_again()
        if now >= self.deadline:
            if self.phase is Phase.OPEN:
                self.close(self.waits_for)
            else:
                self.abort(self.waits_for)
        elif now >= self.drain_by:
            self.close("drained after a reload")

    # ------------------------------------------------------------------------------------------------ inside

    def _take_turns(self, nbytes: int, seconds: float) -> None:
        """After a read that took ``seconds``: who floods the edge waits between two reads, the others don't.

        What is not read stays with the kernel, which slows the sender down. Without the pause libuv reads up to 32
        full buffers of one connection before it looks at the next.
        """
        if seconds > SLICE:
            self._window = max(SMALLEST_READ, int(nbytes * SLICE / seconds))
        else:
            self._window = min(2 * self._window, LARGEST_READ)
        if nbytes == self._offered and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        if self._blocked_since is None:
            self._read_again()

    def _read_again(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _wait(self, seconds: float, otherwise: str) -> None:
        self.deadline = self._loop.time() + seconds
        self.waits_for = otherwise

    def _ready(self) -> None:
        self.phase = Phase.OPEN
        limits = self._owner.limits
        self._framer = Framer(limits)
        if self._silent:
            self._wait(limits.first_byte, "no first byte came")
        else:
            self._wait(limits.idle, "idle")
        self._owner.ready(self)

    def _shake_hands(self) -> bool:
        """One step of the handshake; True when the connection is open."""
        stream = self._stream
        assert stream is not None
        try:
            done = stream.handshake()
        except ssl.SSLError as error:
            self._end(f"TLS handshake: {openssl_reason(error)}")
            return False
        self._carry(stream)
        if done:
            self._ready()
        return self.phase is Phase.OPEN

    def _decrypt(self, stream: TlsStream) -> None:
        while self.phase is Phase.OPEN:
            try:
                count = stream.read_into(self._framer.space())
            except ssl.SSLError as error:
                self._end(openssl_reason(error))
                return
            if count == WANT_MORE:
                break
            if count == 0:
                self._end(self._peer_closed())
                return
            self._arrived(self._framer.received(count))
        else:
            return
        self._carry(stream)

    def _arrived(self, frames: list[Frame]) -> None:
        limits = self._owner.limits
        self._silent = False
        if not self._framer.partial:
            self._message_began = False
            self._wait(limits.idle, "idle")
        elif frames or not self._message_began:
            self._message_began = True
            self._wait(limits.message_time, "a message did not come to its end in time")
        if frames:
            self._owner.arrived(self, frames)

    def _peer_closed(self) -> str:
        if self.phase is Phase.HANDSHAKE:
            return "the peer closed the connection during the TLS handshake"
        partial = self.phase is Phase.OPEN and self._framer.partial
        return "the peer closed the connection" + (" in the middle of a message" if partial else "")

    def _write(self, data: bytes) -> None:
        transport, stream = self._transport, self._stream
        assert transport is not None
        if stream is None:
            transport.write(data)
            return
        try:
            stream.write(data)
        except ssl.SSLError as error:
            self._end(openssl_reason(error))
            return
        transport.write(stream.output())

    def _carry(self, stream: TlsStream) -> None:
        """Handshake messages, alerts, key updates."""
        output = stream.output()
        if output and self._transport is not None and not self._transport.is_closing():
            self._transport.write(output)

    def _end(self, reason: str) -> None:
        """Our side is over: alert or close_notify out, then end-of-file; the rest is the peer's (or the sweep's)."""
        if self.phase >= Phase.CLOSING:
            return
        was_open = self.phase is Phase.OPEN
        self.phase = Phase.CLOSING
        self._out.clear()
        self._queued = 0
        transport = self._transport
        if transport is not None and not transport.is_closing():
            if self._stream is not None:
                if was_open:
                    self._stream.close()
                self._carry(self._stream)
            self._wait(LINGER, reason)
            try:
                transport.write_eof()
                transport.resume_reading()
            except OSError:  # it was reset meanwhile
                transport.abort()
        self._owner.lost(self, reason)


def _watch(raw: socket.socket, patience: float) -> None:
    """Have the kernel break the connection when the peer takes nothing for ``patience`` seconds, or is not there.

    TCP alone would try for a quarter of an hour, and every request to that peer would time out meanwhile (RFC 5482).
    """
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEP_ALIVE)


def os_reason(error: BaseException) -> str:
    """The system's words for an OSError: asyncio puts its own, with numbers for a programmer, in their place."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
