"""The stream between two workers: words in order, all of a turn of the loop in one frame.

A frame is its length in four bytes and a pickle. Both ends are processes of one edge, forked from one parent, which
alone made the pair of sockets: nobody else can write into it.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Callable
from typing import cast

from .words import Word

LENGTH = 4
LONGEST_QUEUE = 64 * 1024 * 1024
"""Bytes that may wait for the other one. It is hung then, and counts as gone."""

logger = logging.getLogger("sipedge.bus")


class Stream(asyncio.Protocol):
    """One end. ``send`` belongs to the event loop."""

    def __init__(
        self,
        worker: int,
        made: Callable[[], None],
        taken: Callable[[int, list[Word]], None],
        left: Callable[[], None],
    ) -> None:
        """``worker``: at the other end. ``made`` is called once, first, ``left`` once, at the end; ``taken`` gets the
        words of a frame.
        """
        self._worker, self._made, self._taken, self._left = worker, made, taken, left
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[Word] = []
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._made()

    def send(self, word: Word) -> None:
        """With all else of this turn of the loop."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(word)

    def close(self) -> None:
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        while len(received) >= LENGTH:
            end = LENGTH + int.from_bytes(received[:LENGTH], "big")
            if len(received) < end:
                return
            frame = bytes(received[LENGTH:end])
            del received[:end]
            self._taken(self._worker, pickle.loads(frame))

    def connection_lost(self, exc: Exception | None) -> None:
        self._left()

    def _flush(self) -> None:
        words, self._unsent = self._unsent, []
        transport = self._transport
        if not words or transport is None or transport.is_closing():
            return
        frame = pickle.dumps(words, pickle.HIGHEST_PROTOCOL)
        transport.write(len(frame).to_bytes(LENGTH, "big") + frame)
        if transport.get_write_buffer_size() > LONGEST_QUEUE:
            logger.error("worker %d does not take what it is told: the two go on without each other", self._worker)
            transport.abort()
