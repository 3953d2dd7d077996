"""A parent that starts the edge again when it dies of a signal: an assertion inside pjsip ends its process by abort().

The parent does nothing else: it reads no configuration and opens no socket. Signals that are meant for the edge are
handed on. When the parent dies, however it dies, the edge ends too.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from threading import Thread
from types import FrameType

logger = logging.getLogger("sipedge.supervisor")

CRASHES = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE})
HANDED_ON = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
HEALTHY = 60.0
"""Seconds of life after which the pause before the next start is the first one again."""


def supervise(work: Callable[[], int]) -> int:
    """Run ``work`` in a child process, again after each crash; returns the exit status of the last child.

    Call it before any thread is started. It returns in the child, too: with the result of ``work``.
    """
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            os.close(writing)
            _end_with_parent(reading)
            return work()
        os.close(reading)
        status = _wait(child)
        os.close(writing)
        if status >= 0 or -status not in CRASHES:
            return status if status >= 0 else 128 - status
        if time.monotonic() - began > HEALTHY:
            pause = FIRST_PAUSE
        logger.error("the edge died of %s and is started again in %g s", signal.Signals(-status).name, pause)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _wait(child: int) -> int:
    """Hand signals on until the child ends; its exit status, negative for a signal."""

    def hand_on(number: int, _: FrameType | None) -> None:
        os.kill(child, number)

    before = {number: signal.signal(number, hand_on) for number in HANDED_ON}
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent(reading: int) -> None:
    """End this process when its parent ends, which holds the other end of the pipe and never writes."""

    def watch() -> None:
        os.read(reading, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True, name="parent").start()
