"""One TCP connection in an event loop: the bytes that come, and those that wait until the peer takes more.

It does what asyncio's transports do, under their names. uvloop's own takes 1.2 KB more for each connection, and its
loop reads all that have something to read in one turn.
"""

from __future__ import annotations

import asyncio
import socket
from functools import lru_cache
from select import EPOLLIN, EPOLLOUT
from typing import Protocol

from .options import HIGH_WATER, LOW_WATER
from .readiness import Readiness

End = tuple[str, int]
"""Address and port."""


class Receiver(Protocol):
    """Whose connection it is: the methods of asyncio's BufferedProtocol."""

    def connection_made(self, transport: Transport, /) -> None: ...
    def get_buffer(self, sizehint: int, /) -> memoryview: ...
    def buffer_updated(self, nbytes: int, /) -> None: ...
    def eof_received(self) -> bool: ...
    def connection_lost(self, exc: Exception | None, /) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...


class Transport:
    """``begin`` is for who makes it, ``happened`` for ``Readiness``; the rest is the receiver's."""

    __slots__ = (
        "socket",
        "_readiness",
        "_receiver",
        "_watched",
        "_unsent",
        "_is_full",
        "_reads",
        "_has_ended",
        "_ends",
        "_closing",
        "_gone",
    )

    def __init__(self, readiness: Readiness, raw: socket.socket, receiver: Receiver) -> None:
        """``raw``: connected, and does not block. It is closed with the transport."""
        self.socket, self._readiness, self._receiver = raw, readiness, receiver
        self._watched = 0
        """What is waited for: events of epoll."""
        self._unsent: bytearray | None = None
        self._is_full = False
        """The receiver was told to write no more."""
        self._reads = True
        self._has_ended = False
        """The peer's side."""
        self._ends = False
        """So does our side, behind what is unsent."""
        self._closing = self._gone = False

    def begin(self) -> None:
        try:
            self._receiver.connection_made(self)
        except Exception as error:
            self._failed(error)
        self._watch()

    def ends(self) -> tuple[End, End] | None:
        """The peer's and our own; None when the peer is gone already."""
        try:
            peer, own = self.socket.getpeername(), self.socket.getsockname()
        except OSError:
            return None
        return peer[:2], _shared(own[:2])

    def happened(self, events: int) -> None:
        """``events``: of epoll. An error or a hang-up shows in what is waited for."""
        if events & ~(EPOLLIN | EPOLLOUT):
            events |= EPOLLIN | EPOLLOUT
        try:
            if events & self._watched & EPOLLIN:
                self._read()
            if events & self._watched & EPOLLOUT:
                self._write_on()
        except Exception as error:
            self._failed(error)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._reads = False
        self._watch()

    def resume_reading(self) -> None:
        self._reads = True
        self._watch()

    def write(self, data: bytes) -> None:
        """Now, or as soon as the peer takes it. What cannot be written is lost without a word until the next turn."""
        if self._unsent is not None:
            self._unsent += data
        elif not self._closing and (count := self._send(data)) < len(data):
            self._unsent = bytearray(memoryview(data)[count:])
            self._watch()
        if self.get_write_buffer_size() > HIGH_WATER and not self._is_full:
            self._is_full = True
            self._receiver.pause_writing()

    def get_write_buffer_size(self) -> int:
        return 0 if self._unsent is None else len(self._unsent)

    def write_eof(self) -> None:
        """End our side. Raises OSError where the connection is broken already."""
        self._ends = True
        if self._unsent is None:
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """As soon as all is sent. Nothing is read any more."""
        self._closing = True
        if self._unsent is None:
            self._drop(None)
        self._watch()

    def abort(self) -> None:
        """Now; ``connection_lost`` comes in the next turn of the loop, as always."""
        self._drop(None)

    def _watch(self) -> None:
        reads = self._reads and not self._has_ended and not self._closing
        wanted = 0 if self._gone else EPOLLIN * reads | EPOLLOUT * (self._unsent is not None)
        if wanted != self._watched:
            self._readiness.watch(self.socket.fileno(), self._watched, wanted, self)
            self._watched = wanted

    def _read(self) -> None:
        try:
            count = self.socket.recv_into(self._receiver.get_buffer(-1))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._drop(error)
            return
        if count:
            self._receiver.buffer_updated(count)
            return
        self._has_ended = True
        if self._receiver.eof_received():
            self._watch()
        else:
            self.close()

    def _send(self, data: bytes | bytearray) -> int:
        """How many bytes the kernel has taken."""
        try:
            return self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._drop(error)
            return 0

    def _write_on(self) -> None:
        unsent = self._unsent
        if unsent is None:
            return
        del unsent[: self._send(unsent)]
        if not unsent and not self._gone:
            self._unsent = None
            self._all_sent()
        if self._is_full and len(unsent) <= LOW_WATER and not self._closing:
            self._is_full = False
            self._receiver.resume_writing()

    def _all_sent(self) -> None:
        self._watch()
        if self._closing:
            self._drop(None)
        elif self._ends:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                self._drop(error)

    def _failed(self, error: Exception) -> None:
        what = {"message": "a connection's receiver failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(what)
        self._drop(error)

    def _drop(self, error: Exception | None) -> None:
        if self._gone:
            return
        self._closing = self._gone = True
        self._watch()
        asyncio.get_running_loop().call_soon(self._conclude, error)

    def _conclude(self, error: Exception | None) -> None:
        """The receiver may ask the socket for the last time."""
        try:
            self._receiver.connection_lost(error)
        finally:
            self._unsent = None
            self.socket.close()


@lru_cache(maxsize=64)
def _shared(end: End) -> End:
    """Most connections have the same end of ours."""
    return end
