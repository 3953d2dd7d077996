"""A parent that starts the workers of the edge again whenever one ends and nobody asked for that.

The parent keeps what is in force: the configuration, as worker 0 last told it, and the listening sockets, so that
connects wait while there is no worker. It reads no file of the edge and looks into no message. It watches the workers'
heartbeats, hands signals on, and speaks to systemd. Where there are several workers, it takes the connections and gives
each to the one that has fewest, and it gives every two workers a stream to each other. When the parent dies, however it
dies, the edge ends too.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import secrets
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import fields

from .acceptor import Acceptor
from .child import Child, end_text
from .link import DONE, GONE, Kept, Link, receive
from .notify import READY, STOPPING, Manager, reloading
from .orders import Shared, introduce
from .signals import Signals
from .silence import Silence

logger = logging.getLogger("sipedge.supervisor")

ENDING = (signal.SIGTERM, signal.SIGINT)
HANDLED = (signal.SIGHUP, *ENDING, signal.SIGCHLD)
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
HEALTHY = 60.0
"""Seconds of life after which the pause before the next start is the first one again."""
START_LIMIT = 120.0
"""Seconds until a worker must be in force: a plan of 10,000 rules takes 12 on a busy machine."""
ABORT_GRACE = 2.0
"""Seconds between SIGABRT, which shows where a worker hangs, and SIGKILL."""
GATHER = 10.0
"""Seconds that connections wait for all workers at the start."""
STEP = 1.0


def supervise(work: Callable[[Link, Kept | None], int]) -> int:
    """Run ``work`` in a child process, again after each end that nobody asked for; returns the exit status.

    ``work`` gets what was kept before; where that says that there are several workers, it runs in so many. An exit
    before anything was kept is a first start that failed: it is final. Call it before any thread is started. It returns
    in the children, too: with the result of ``work``.
    """
    gc.freeze()  # or a worker's first collection would make a copy of every page of it (gc.freeze in Python's manual)
    supervisor = _Supervisor()
    while not supervisor.is_over():
        link = supervisor.start_due()
        if link is not None:
            return work(link, supervisor.kept)
        supervisor.attend()
    supervisor.end()
    return supervisor.status


class _Supervisor:
    """All workers, each in its seat."""

    def __init__(self) -> None:
        self.kept: Kept | None = None
        self.status = 0
        """For the shell, once it is over."""
        self._signals = Signals(HANDLED)
        self._manager = Manager()
        self._asked = 0
        """The signal that asked for the end; 0: none."""
        self._reload_asked = False
        """A SIGHUP waits for a worker that can heed it."""
        memory = (os.memfd_create(f"sipedge-{field.name}") for field in fields(Shared) if field.name != "secret")
        self._shared = Shared(secrets.token_bytes(32), *memory)
        self._children = [Child(0, self._shared)]
        self._acceptor = Acceptor()
        self._gathered = False
        """The workers are there, or have had the time to come: else the first would get all connections."""
        self._is_final = False

    def is_over(self) -> bool:
        """Whether no worker is left, and none is to be started."""
        return self._is_final or (bool(self._asked) and not any(child.pid for child in self._children))

    def start_due(self) -> Link | None:
        """Start the workers whose time has come; the link in a child, None in the parent."""
        now = time.monotonic()
        for child in self._children:
            if not child.pid and not self._asked and now >= child.due:
                link = self._start(child)
                if link is not None:
                    return link
        return None

    def _start(self, child: Child) -> Link | None:
        """Fork; the child's end of the link in the child, None in the parent."""
        theirs, seat = child.prepare()
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        pid = os.fork()
        if pid == 0:
            for each in self._children:
                each.close()  # whose other ends tell by their end that the supervisor is gone
            faulthandler.enable(child.trace)  # SIGABRT shows where a worker hung
            self._signals.close()
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a configuration to reload
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
            link = Link(theirs, seat)
            link.end_with_parent()
            return link
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        theirs.close()
        seat.orders.close()
        child.born(pid)
        self._introduce(child)
        return None

    def _introduce(self, child: Child) -> None:
        """Give it and every other living worker a stream to each other."""
        for other in self._children:
            if other is child or not other.pid or other.orders is None or child.orders is None:
                continue
            one, two = socket.socketpair()
            with one, two:
                try:
                    introduce(child.orders, other.worker, one)
                    introduce(other.orders, child.worker, two)
                except OSError as error:
                    text = "workers %d and %d cannot be introduced: %s"
                    logger.error(text, child.worker, other.worker, error.strerror or error)

    def attend(self) -> None:
        """Wait for signals, messages and connections until something is due, and take them."""
        self._manager.sign()
        before = time.monotonic()
        rest = self._rest(before)
        ready, _, _ = select.select(self._waited(), [], [], rest)
        # A longer sleep than was meant (a paused machine, no core free) tells nothing of the workers.
        passed = min(time.monotonic() - before, rest)
        self._take_signals()
        for child in self._children:
            is_silent = not self._take_messages(child)
            status = child.reaped()
            if status is not None:
                self._ended(child, status)
            elif child.pid and is_silent:
                self._heard_nothing(child, passed)
        if self._accepts and self.kept is not None:
            self._acceptor.take(self.kept, ready, self._children)

    @property
    def _accepts(self) -> bool:
        """Whether connections are taken here: there are several workers, and one of them serves."""
        kept = self.kept
        if kept is None or kept.workers == 1 or self._asked or not any(child.serving for child in self._children):
            return False
        if time.monotonic() > self._children[0].began + GATHER or all(child.serving for child in self._children):
            self._gathered = True
        return self._gathered

    def _waited(self) -> list[socket.socket]:
        waited = [self._signals.reading, *(each.channel for each in self._children if each.channel is not None)]
        return [*waited, *(self.kept.sockets.values() if self._accepts and self.kept is not None else ())]

    def _rest(self, now: float) -> float:
        """Seconds until something is due, if nothing comes before."""
        living = [self._patience(child) / 4 for child in self._children if child.pid]
        pauses = [max(0.0, child.due - now) for child in self._children if not child.pid]
        return min([STEP, *living, *pauses])

    def _ended(self, child: Child, status: int) -> None:
        """A worker has ended; it is started again after a pause, unless that was to be."""
        self._take_signals()  # one that ended a whole process group may be here already
        self._take_messages(child)
        child.close()
        child.serving = False
        self._acceptor.ended(child)
        if trace := child.last_words():  # one record: of many at one place the log leaves some out
            logger.error("%s", trace)
        if child.worker == 0:
            self.status = self._final_status(status)
        if self._asked or (self.kept is None and status >= 0):
            self._is_final = self._is_final or not self._asked
            return
        is_healthy = time.monotonic() - child.began > HEALTHY
        child.pause = FIRST_PAUSE if is_healthy or not child.pause else min(2 * child.pause, LONGEST_PAUSE)
        child.due = time.monotonic() + child.pause
        logger.error("%s %s and is started again in %g s", self._name(child), end_text(status), child.pause)
        self.status = 0

    def _name(self, child: Child) -> str:
        return "the edge" if len(self._children) == 1 else f"worker {child.worker} of the edge"

    def end(self) -> None:
        """A worker that was killed has left the file of its control socket."""
        if self.kept is not None and self.kept.control is not None:
            self.kept.control.remove()

    def _final_status(self, status: int) -> int:
        """For the shell; a worker that died of the signal that asked for its end has done what it was asked."""
        return status if status >= 0 else 0 if -status == self._asked else 128 - status

    def _take_signals(self) -> None:
        for number in self._signals.taken():
            self._take_signal(number)

    def _take_signal(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._manager.tell(reloading())
            self._reload_asked = True
            self._hand_reload_on()
        elif number in ENDING:
            self._manager.tell(STOPPING)
            self._asked = number
            if self.kept is not None:
                self.kept.stop_listening()
            for child in self._children:
                child.kill(number)

    def _hand_reload_on(self) -> None:
        first = self._children[0]
        if self._reload_asked and first.serving and first.pid:
            self._reload_asked = False
            first.kill(signal.SIGHUP)

    def _take_messages(self, child: Child) -> bool:
        """All that have come; whether there were any."""
        before = child.silence
        while child.channel is not None and (message := receive(child.channel)) is not None:
            child.silence = Silence()
            if isinstance(message, Kept):
                self._keep(child, message)
            elif message == DONE:
                self._done(child)
            elif message[:1] == GONE:
                self._acceptor.gone(child, message[1:].decode())
            elif not message:
                child.channel.close()
                child.channel = None
        return child.silence is not before

    def _done(self, child: Child) -> None:
        if child.worker:
            child.serving = True
        elif not self._asked:
            self._manager.tell(READY)

    def _keep(self, child: Child, kept: Kept) -> None:
        if self.kept is not None:
            self.kept.close()
        self.kept = kept
        child.serving = True
        if self._asked:
            kept.stop_listening()
        for worker in range(len(self._children), kept.workers):
            self._children.append(Child(worker, self._shared))
        self._hand_reload_on()

    def _patience(self, child: Child) -> float:
        if child.aborted:
            return ABORT_GRACE
        return self.kept.heartbeat if child.serving and self.kept is not None else START_LIMIT

    def _heard_nothing(self, child: Child, seconds: float) -> None:
        """One look more without a sign of life."""
        limit = self._patience(child)
        child.silence.passed(seconds, child.pid, limit)
        if child.silence.is_longer_than(limit):
            self._end_hung_worker(child)

    def _end_hung_worker(self, child: Child) -> None:
        number = signal.SIGKILL if child.aborted else signal.SIGABRT
        text = "%s shows no sign of life for %g s and gets %s"
        logger.error(text, self._name(child), self._patience(child), number.name)
        child.aborted, child.silence = True, Silence()
        child.kill(number)
