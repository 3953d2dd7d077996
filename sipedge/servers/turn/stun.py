"""A Binding request (RFC 8489 section 3): a question that any working TURN server answers, without credentials."""

from __future__ import annotations

import asyncio
import os

LIMIT = 1.0
"""Seconds for an answer: a datagram to this host is not lost."""
_REQUEST, _SUCCESS = b"\x00\x01", b"\x01\x01"
_MAGIC = b"\x21\x12\xa4\x42"


async def ask(address: str, port: int) -> None:
    """Raises OSError when there is no answer."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()
    head = _MAGIC + os.urandom(12)
    transport, _ = await loop.create_datagram_endpoint(lambda: _Waiting(head, answered), remote_addr=(address, port))
    try:
        transport.sendto(_REQUEST + b"\x00\x00" + head)
        await asyncio.wait_for(answered, LIMIT)
    except TimeoutError:
        raise OSError("coturn does not answer") from None
    finally:
        transport.close()


class _Waiting(asyncio.DatagramProtocol):
    def __init__(self, head: bytes, answered: asyncio.Future[None]) -> None:
        self._head, self._answered = head, answered

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[:2] == _SUCCESS and data[4:20] == self._head and not self._answered.done():
            self._answered.set_result(None)

    def error_received(self, error: Exception) -> None:
        """Nobody listens there (ICMP)."""
        if not self._answered.done():
            self._answered.set_exception(error)
