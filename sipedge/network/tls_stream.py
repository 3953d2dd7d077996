"""TLS without socket and event loop: OpenSSL between two memory buffers.

asyncio's own TLS is not used, for three reasons. It keeps 256 KiB a connection for reading. It drops the alert that
tells a peer why its certificate was refused. It may deliver the first bytes of a connection before handing it over.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import NamedTuple

from sipedge.sip.framing import Frame, Framer

from .openssl import shrink
from .tls import openssl_reason

WANT_MORE = -1


class Read(NamedTuple):
    """What the records that had come held."""

    frames: list[Frame]
    size: int
    """Bytes, those of messages that are not whole yet among them."""
    is_end: bool
    """The peer has closed (close_notify)."""
    fault: str
    """Why nothing more can be read; '' else."""


class TlsStream:
    """One connection: ``receive`` ciphertext, call ``handshake`` or ``read_into``, send ``output``."""

    __slots__ = ("_incoming", "_outgoing", "object")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_name: str | None = None) -> None:
        """``server_name``: for SNI. Raises ValueError for a name that cannot stand there."""
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.object = context.wrap_bio(self._incoming, self._outgoing, server_side, server_name)

    def receive(self, data: memoryview) -> None:
        """Take ciphertext that came."""
        self._incoming.write(data)

    def handshake(self) -> bool:
        """Go a step further; True when it is done. Raises ssl.SSLError, and ``output`` has the alert for the peer."""
        try:
            self.object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        shrink(self._incoming)
        shrink(self._outgoing)
        return True

    def read_into(self, space: Callable[[], memoryview]) -> int:
        """Bytes decrypted into what ``space`` gives, WANT_MORE, or 0 when the peer closed. Raises ssl.SSLError."""
        if not self._incoming.pending and not self.object.pending():
            return WANT_MORE
        try:
            # Given a buffer, read() returns how many bytes it put there; typeshed knows only the other form.
            room = space()
            return int(self.object.read(len(room), room))
        except ssl.SSLWantReadError:
            return WANT_MORE

    def read_frames(self, framer: Framer) -> Read:
        """Of all records that have come, before any of them is delivered: many peers write one for each message."""
        frames: list[Frame] = []
        size = 0
        try:
            while (count := self.read_into(framer.space)) > 0 and not framer.failed:
                frames += framer.received(count, not frames)
                size += count
        except ssl.SSLError as error:
            return Read(frames, size, False, openssl_reason(error))
        return Read(frames, size, count == 0, "")

    def write(self, data: bytes) -> None:
        """Encrypt ``data`` into ``output``. Raises ssl.SSLError."""
        count = self.object.write(data)
        while count < len(data):
            data = data[count:]
            count = self.object.write(data)

    def output(self) -> bytes:
        """What must go to the peer now; b"" when nothing."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def close(self) -> None:
        """Put close_notify into ``output``; the peer's own is not waited for."""
        try:
            self.object.unwrap()
        except (ssl.SSLError, ValueError):
            pass
