"""What was written last on a connection, for a short while: it may turn out that nothing of it arrived."""

from __future__ import annotations

from collections.abc import Sequence

from .options import unacknowledged
from .transport import Transport


class Written:
    """Of one connection."""

    __slots__ = ("messages", "_size", "_was_there")

    def __init__(self) -> None:
        self.messages: Sequence[bytes] = ()
        self._size = 0
        """Bytes on the wire."""
        self._was_there = False
        """A sweep has come since."""

    def note(self, messages: Sequence[bytes]) -> None:
        """Next, ``size`` bytes are written for these."""
        self.messages, self._was_there = messages, False

    def is_of(self, size: int) -> None:
        self._size = size

    def forget(self) -> None:
        """Bytes that belong to no message are written: they would be counted with these."""
        self.messages = ()

    def sweep(self) -> None:
        """It is let go at the second sweep."""
        if self._was_there:
            self.messages = ()
        self._was_there = True

    def may_be_lost(self, transport: Transport) -> bool:
        """Whether the peer has acknowledged nothing of it."""
        if not self.messages:
            return False
        return unacknowledged(transport.socket) + transport.get_write_buffer_size() >= self._size

    def not_taken(self, transport: Transport, error: Exception) -> list[bytes]:
        """Of what was not acknowledged when the connection broke: all where the peer had closed before.

        Else the responses: they may come twice, the second of which their transaction absorbs (RFC 3261 17.1).
        """
        if not self.may_be_lost(transport):
            return []
        closed_before = isinstance(error, BrokenPipeError)
        return [message for message in self.messages if closed_before or message.startswith(b"SIP/2.0 ")]
