"""TLS handshakes beside the event loop: two threads make one step after the other.

A full handshake computes for 1 to 5 ms, an RSA signature for most of it. In the loop, a hundred peers that come back at
the same time would hold up everybody else for half a second; OpenSSL computes without the interpreter, so threads do
not.

The queue is fair: sources take turns, however many steps one of them waits for. It is bounded, because a connection
waits for one step at a time and the connections are limited.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .tls import handshake_reason
from .tls_stream import TlsStream

_log = logging.getLogger("sipedge.connections")

THREADS = 2
HANDED_OVER = 2 * THREADS
"""Steps that run or lie before the threads, so that none of these waits for the loop."""

NICE = 10
"""What the threads give way by: where the loop wakes up, the system gives it their processor at once, and not at the
end of their time slice. Nothing is lost where nobody else computes."""

Outcome = bool | str
"""True: the handshake is done; False: the peer has to say more; a text: why it failed."""
Done = Callable[[Outcome], None]


def shake_hands(stream: TlsStream) -> Outcome:
    """Make the step that the bytes so far allow."""
    try:
        return stream.handshake()
    except ssl.SSLError as error:
        return handshake_reason(error)  # of this thread


def _give_way() -> None:
    """Only this thread, which is what setpriority(2) means by a process in Linux. A sandbox may forbid it."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICE)


class Handshakes:
    """Made inside a running event loop; all methods are called there."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, "handshakes", _give_way)
        self._waiting: OrderedDict[str, deque[tuple[TlsStream, Done]]] = OrderedDict()
        """Source -> its steps, the source whose turn is next in front."""
        self._handed_over = 0

    def step(self, source: str, stream: TlsStream, done: Done) -> None:
        """Have a step made, then ``done`` in the loop, later than now. Until then nobody else may use the stream."""
        self._waiting.setdefault(source, deque()).append((stream, done))
        self._hand_over()

    def close(self) -> None:
        """Make no further step; ``done`` comes for none any more."""
        self._waiting.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self) -> None:
        while self._waiting and self._handed_over < HANDED_OVER:
            source, steps = self._waiting.popitem(last=False)
            stream, done = steps.popleft()
            if steps:
                self._waiting[source] = steps
            self._handed_over += 1
            self._loop.run_in_executor(self._threads, shake_hands, stream).add_done_callback(partial(self._made, done))

    def _made(self, done: Done, made: asyncio.Future[Outcome]) -> None:
        self._handed_over -= 1
        if made.cancelled():
            return
        self._hand_over()
        fault = made.exception()
        if fault is not None:  # nobody foresaw it, and the connection must not wait for ever
            _log.error("while handling a TLS handshake", exc_info=fault)
        done(made.result() if fault is None else "the TLS handshake failed by a fault of the edge")
