"""One TCP or TLS connection: bytes in to frames, frames out to bytes, with a limit of time for each step.

Its states and inputs are those of state.py. Each wait has a deadline, and the owner's sweep compares it with the clock
once in a while: that is cheaper than a timer for each message. Ciphertext is decrypted before the next read, so that
all connections share the owner's scratch buffer.
"""

from __future__ import annotations

import asyncio
import ssl
from time import perf_counter
from typing import Protocol

from sipedge.rates.reading import Reading
from sipedge.settings import Limits, Listener
from sipedge.sip.framing import Frame, Framer
from zones.addresses import host_port
from zones.zone import Hop

from .admission import Slices
from .handshakes import Outcome, shake_hands
from .state import LINGER, OPEN, PEER_CLOSED, PROBE, PROBES, READ_AGAIN, TRANSITIONS, Awaited, Input, State
from .tcp.options import break_after, os_reason, retry_within, was_closed
from .tcp.transport import Transport
from .tcp.written import Written
from .tls import openssl_reason
from .tls_stream import TlsStream


class Owner(Protocol):
    """What a connection needs from connections.py."""

    limits: Limits
    scratch: memoryview
    slices: Slices

    def made(self, connection: Connection) -> TlsStream | None:
        """Give the stream that a TLS connection needs; may ``abort`` the connection instead."""

    def shake_hands(self, connection: Connection, stream: TlsStream) -> None:
        """Have a step of the handshake made beside the loop, then call ``shaken``."""

    def ready(self, connection: Connection) -> None:
        """Judge the peer; may ``close``. The handshake is done, and no SIP byte was looked at."""

    def arrived(self, connection: Connection, frames: list[Frame]) -> None:
        """Take all frames of one read, in order."""

    def unsent(self, connection: Connection) -> None:
        """Call ``flush`` at the end of this turn of the loop."""

    def half_closed(self, connection: Connection) -> bool:
        """Open nothing new on it: the peer sends no more. Whether the peer is still owed an answer."""

    def lost(self, connection: Connection, reason: str, unsent: list[bytes]) -> None:
        """Give the connection up: no frame comes any more and nothing can be sent.

        ``unsent``: what was given to ``send`` and certainly did not arrive.
        """

    def gone(self, connection: Connection) -> None:
        """Forget the connection: it has no socket any more."""


class Connection:
    """Its transport calls the methods of asyncio's BufferedProtocol, the owner those from ``send`` to ``sweep``.

    Nobody else writes its attributes.
    """

    __slots__ = (
        "number",
        "transport",
        "listener",
        "hop",
        "state",
        "peer",
        "local",
        "framer",
        "spoke",
        "_owner",
        "_loop",
        "_transport",
        "_stream",
        "_awaited",
        "_deadline",
        "_out",
        "_queued",
        "_written",
        "_resting",
        "_deaf",
        "_blocked_since",
        "_reading",
        "_eof",
        "_ending",
        "_shaking",
    )

    def __init__(self, owner: Owner, number: int, origin: Listener | Hop) -> None:
        """``origin``: the listener that accepts it, or the hop that the edge opens it for."""
        self.number, self.transport = number, origin.transport
        self.listener = origin.name if isinstance(origin, Listener) else None
        self.hop = origin if isinstance(origin, Hop) else None
        self.state = State.CONNECTING
        self.peer: tuple[str, int] = ("", 0) if self.hop is None else (self.hop.address, self.hop.port)
        self.local: tuple[str, int] = ("", 0)
        self._owner, self._loop = owner, asyncio.get_running_loop()
        self._transport: Transport | None = None
        self._stream: TlsStream | None = None
        self.framer: Framer
        self._awaited, self._deadline = Awaited.HANDSHAKE, float("inf")
        self._out: list[bytes] = []
        self._queued = 0  # bytes in ``_out``
        self._written = Written()
        self._resting = False
        self._deaf = ""  # why nothing that the peer sends counts any more
        self._blocked_since: float | None = None
        self._reading = Reading()
        self._eof = self._ending = False
        """``_ending``: the peer has ended, and it was not yet this connection's turn to follow."""
        self._shaking = False
        """A thread has the stream: nobody else may touch it. The time stands still: ``_deadline`` is what is left."""
        self.spoke = False
        """A byte of a TLS handshake came: who only looks whether somebody listens sends none."""

    def __str__(self) -> str:
        where = f'listener "{self.listener}"' if self.hop is None else f'zone "{self.hop.zone}"'
        return f"{self.transport} {host_port(self.peer[0], self.peer[1])} ({where})"

    @property
    def tls(self) -> ssl.SSLObject | None:
        return None if self._stream is None else self._stream.object

    @property
    def blocked(self) -> bool:
        """Whether more is unsent than HIGH_WATER."""
        return self._blocked_since is not None

    def connection_made(self, transport: Transport) -> None:
        self._transport = transport
        self._enter(Input.CONNECTED)
        if self.state is State.CLOSED:
            transport.abort()
            return
        ends = transport.ends()
        if ends is None:
            self.abort("the peer was gone before the connection was taken")
            return
        self.peer, self.local = ends
        stream = self._owner.made(self)
        if self.state is not State.HANDSHAKE:
            return
        break_after(transport.socket, self._owner.limits.message_time)
        retry_within(transport.socket)
        if stream is None:
            self._ready()
            return
        self._stream = stream
        self._wait(self._owner.limits.handshake, Awaited.HANDSHAKE)
        if self.hop is not None:
            self._begin_step()
            self.shaken(shake_hands(stream))  # only a greeting, which costs nothing

    def get_buffer(self, sizehint: int) -> memoryview:
        plain = self._stream is None and self.state is OPEN
        return self._reading.room(self.framer.space() if plain else self._owner.scratch)

    def buffer_updated(self, nbytes: int) -> None:
        if self.state is not OPEN and self.state is not State.HANDSHAKE:
            return
        began = perf_counter()
        stream = self._stream
        if stream is None:
            self._arrived(self.framer.received(nbytes))
        else:
            stream.receive(self._owner.scratch[:nbytes])
            if self.state is OPEN:
                self._decrypt(stream)
            else:
                self._shake_hands(stream)
        self._reading.took(nbytes, perf_counter() - began)

    def eof_received(self) -> bool:
        """True keeps our side open."""
        self._eof = True
        self._peer_ended()
        return self._ending or self.state is State.HALF_CLOSED

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self._is_open() and self._transport is not None:
            self._out = self._written.not_taken(self._transport, exc) + self._out
        reason = self._peer_closed() if exc is None else f"the connection broke: {os_reason(exc)}"
        self._owner.slices.do(lambda: self._lost(reason))

    def pause_writing(self) -> None:
        self._blocked_since = self._loop.time()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._blocked_since = None
        self._read_again()
        self.flush()

    def shaken(self, outcome: Outcome) -> None:
        """A step of the handshake is made."""
        self._shaking = False
        if self.state is not State.HANDSHAKE or self._stream is None:  # it was given up meanwhile
            return
        self._deadline += self._loop.time()
        if isinstance(outcome, str):
            self._end(outcome)
            return
        self._carry(self._stream)
        if outcome:
            self._ready()
            self.buffer_updated(0)  # what the peer said right behind its handshake is there
        if self._blocked_since is None:
            self._read_again()

    def send(self, *messages: bytes) -> None:
        """Queue for this turn of the loop. A peer that leaves more than ``limits.send_queue`` unread is cut off."""
        if not self._out:
            self._owner.unsent(self)
        self._out += messages
        self._queued += sum(map(len, messages))
        if self._queued > self._owner.limits.send_queue:
            self.flush()
            if self._queued > self._owner.limits.send_queue:
                self.abort("the peer does not read: its send queue is full")

    def flush(self) -> None:
        """Write what ``send`` collected: one TLS record (of up to 16 KiB) and one system call for all of it."""
        if not self._out or self._blocked_since is not None or not self._is_open():
            return
        if self._transport is not None and self._transport.is_closing():  # the last write has failed
            return
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._written.note(self._out)
        self._out, self._queued = [], 0
        if self._awaited is Awaited.MESSAGE:
            self._wait(self._owner.limits.idle, Awaited.MESSAGE)
        self._write(data)
        if self.state is State.HALF_CLOSED:  # whether anybody reads it shows only now
            self._loop.call_later(PROBE, self._learn, self._peer_closed(), PROBES)

    def close(self, reason: str) -> None:
        """Send what is queued, say goodbye, then ``lost`` (within this call)."""
        self.flush()
        self._end(reason)

    def abort(self, reason: str) -> None:
        """Close at once, then ``lost`` (within this call); what is queued is not sent."""
        self._give_up(reason)
        if self._transport is not None:
            self._transport.abort()

    def deafen(self, reason: str) -> None:
        """Read nothing more, because it could not be trusted; close when all that was asked for before is answered."""
        self.flush()
        if not self._owner.half_closed(self):
            self._end(reason)
            return
        self._deaf = reason
        self._enter(Input.PEER_ENDED)
        self.rest()

    def rest(self) -> None:
        """Read nothing more, so that what is under way comes to its end; requests that nobody read can be repeated."""
        self._resting = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def limit(self, limits: Limits) -> None:
        """Hold an open connection's next messages to other limits."""
        self.framer.limits = limits

    def sweep(self, now: float) -> None:
        """End the connection if something took too long. ``now``: by the loop's clock."""
        self._written.sweep()
        if self._blocked_since is not None and now - self._blocked_since > READ_AGAIN:
            self._read_again()
        if now >= self._deadline and not self._shaking:
            if self._is_open():
                self.close(self._awaited.value)
            else:
                self.abort(self._awaited.value)

    def _is_open(self) -> bool:
        return self.state is OPEN or self.state is State.HALF_CLOSED

    def _enter(self, happened: Input) -> None:
        self.state = TRANSITIONS[self.state][happened]

    def _wait(self, seconds: float, awaited: Awaited) -> None:
        self._awaited, self._deadline = awaited, self._loop.time() + seconds

    def _read_again(self) -> None:
        if not self._resting and not self._shaking and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _ready(self) -> None:
        self._enter(Input.READY)
        limits = self._owner.limits
        self.framer = Framer(limits)
        if self.hop is None:
            self._wait(limits.first_byte, Awaited.FIRST_BYTE)
        else:
            self._wait(limits.idle, Awaited.MESSAGE)
        self._owner.ready(self)

    def _shake_hands(self, stream: TlsStream) -> None:
        """What arrives meanwhile waits in the kernel."""
        self.spoke = True
        self._begin_step()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._owner.shake_hands(self, stream)

    def _begin_step(self) -> None:
        self._shaking = True
        self._deadline -= self._loop.time()

    def _decrypt(self, stream: TlsStream) -> None:
        read = stream.read_frames(self.framer)
        if read.size:
            self._arrived(read.frames)
        if self.state is not OPEN:
            return
        if read.fault:
            self._end(read.fault)
        elif read.is_end:
            self._peer_ended()
        else:
            self._carry(stream)

    def _arrived(self, frames: list[Frame]) -> None:
        if not self.framer.partial:
            self._wait(self._owner.limits.idle, Awaited.MESSAGE)
        elif frames or self._awaited is not Awaited.END_OF_MESSAGE:
            self._wait(self._owner.limits.message_time, Awaited.END_OF_MESSAGE)
        if frames:
            self._owner.arrived(self, frames)

    def _peer_ended(self) -> None:
        """End of file, or TLS's close_notify: a peer that has closed one side only still reads (RFC 9293 3.6)."""
        if self.state is OPEN or self.state is State.HANDSHAKE:
            self._ending = self._ending or not self._owner.slices.do(self._follow)

    def _follow(self) -> None:
        """The peer has ended: so does the edge, as soon as nothing is owed to it."""
        self._ending = False
        if self.state is State.HALF_CLOSED:
            return
        reason = self._peer_closed()
        if self.state is not OPEN or self._transport is None or self._transport.is_closing():
            self._end(reason)
            return
        self.flush()
        if self._owner.half_closed(self) or self._written.may_be_lost(self._transport):
            self._enter(Input.PEER_ENDED)
            self._learn(reason, PROBES)
        else:
            self._end(reason)

    def _lost(self, reason: str) -> None:
        self._end(reason)
        self._enter(Input.LOST)
        self._owner.gone(self)

    def _learn(self, reason: str, left: int) -> None:
        """Look until it is known what became of the last bytes: a peer that has closed both sides resets at once."""
        if self.state is not State.HALF_CLOSED or self._transport is None or self._transport.is_closing():
            return
        lost = self._written.may_be_lost(self._transport)
        if lost and was_closed(self._transport.socket):
            self._out = [*self._written.messages, *self._out]
            self._end(f"{reason} before it read what was sent")
        elif lost and left:
            self._loop.call_later(PROBE, self._learn, reason, left - 1)
        elif not self._owner.half_closed(self):
            self._end(reason)

    def _peer_closed(self) -> str:
        if self._deaf:
            return self._deaf
        if self.state is State.HANDSHAKE:
            return "the peer closed the connection during the TLS handshake"
        partial = self.state is OPEN and self.framer.partial
        return PEER_CLOSED + (" in the middle of a message" if partial else "")

    def _write(self, data: bytes) -> None:
        transport, stream = self._transport, self._stream
        assert transport is not None
        if stream is not None:
            try:
                stream.write(data)
            except ssl.SSLError as error:
                self._end(openssl_reason(error))
                return
            data = stream.output()
        self._written.is_of(len(data))
        transport.write(data)

    def _carry(self, stream: TlsStream) -> None:
        """Send TLS's own messages: handshake, alerts, key updates."""
        output = stream.output()
        if output and self._transport is not None and not self._transport.is_closing():
            self._written.forget()
            self._transport.write(output)

    def _end(self, reason: str) -> None:
        """Close our side: alert or close_notify, then end of file. The peer or the sweep closes the other one."""
        was_open = self._is_open()
        transport = self._transport
        if not self._give_up(reason) or transport is None or transport.is_closing():
            return
        if self._stream is not None and not self._shaking:
            if was_open:
                self._stream.close()
            self._carry(self._stream)
        self._wait(LINGER, Awaited.END_OF_FILE)
        if self._eof:
            transport.close()
            return
        try:
            transport.write_eof()
            transport.resume_reading()
        except OSError:  # it was reset meanwhile
            transport.abort()

    def _give_up(self, reason: str) -> bool:
        """Tell the owner that nothing is sent or delivered any more; False when it was told before."""
        before = self.state
        self._enter(Input.ENDED)
        if self.state is before:
            return False
        unsent, self._out = self._out, []
        self._queued = 0
        self._owner.lost(self, reason, unsent)
        if self.state is State.CLOSED:  # it never had a socket
            self._owner.gone(self)
        return True
