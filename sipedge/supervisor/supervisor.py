"""A parent that starts the edge again whenever it ends and nobody asked for that.

The parent keeps what is in force: the configuration, as the worker last told it, and the listening sockets, so that
connects wait while there is no worker. It reads no file and looks into no message. It watches the worker's heartbeat,
hands signals on, and speaks to systemd. When the parent dies, however it dies, the edge ends too.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

from .link import DONE, Kept, Link, make_channel, receive
from .notify import READY, STOPPING, Manager, reloading
from .signals import Signals

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
STEP = 1.0
LONGEST_TRACE = 16_384
"""Bytes of a dying worker's stacks that are logged."""


def supervise(work: Callable[[Link, Kept | None], int]) -> int:
    """Run ``work`` in a child process, again after each end that nobody asked for; returns the exit status.

    ``work`` gets what its predecessor kept. An exit before anything was kept is a first start that failed: it is final.
    Call it before any thread is started. It returns in the child, too: with the result of ``work``.
    """
    supervisor = _Supervisor()
    pause = FIRST_PAUSE
    while True:
        began = time.monotonic()
        link = supervisor.start()
        if link is not None:
            return work(link, supervisor.kept)
        status = supervisor.watch()
        if supervisor.is_final(status):
            supervisor.end()
            return supervisor.final_status(status)
        pause = FIRST_PAUSE if time.monotonic() - began > HEALTHY else pause
        logger.error("the edge %s and is started again in %g s", _end_text(status), pause)
        if not supervisor.wait(pause):
            supervisor.end()
            return 0
        pause = min(2 * pause, LONGEST_PAUSE)


class _Supervisor:
    """One worker at a time."""

    def __init__(self) -> None:
        self.kept: Kept | None = None
        self._signals = Signals(HANDLED)
        self._manager = Manager()
        self._asked = 0
        """The signal that asked for the end; 0: none."""
        self._reload_asked = False
        """A SIGHUP waits for a worker that can heed it."""
        self._child = 0
        """0 while there is no worker."""
        self._channel: socket.socket | None = None
        """None when the worker has closed its end."""
        self._serving = False
        self._aborted = False
        self._silence = 0.0
        self._trace = os.memfd_create("sipedge-trace")
        """Where a dying worker writes what it was doing: into memory, because standard error may be full."""

    def start(self) -> Link | None:
        """Fork; the child's end of the link in the child, None in the parent."""
        own, theirs = make_channel()
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        child = os.fork()
        if child == 0:
            own.close()
            faulthandler.enable(self._trace)  # SIGABRT shows where a worker hung
            self._signals.close()
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a configuration to reload
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
            link = Link(theirs)
            link.end_with_parent()
            return link
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        theirs.close()
        self._child, self._channel = child, own
        self._serving = self._aborted = False
        self._silence = 0.0
        return None

    def watch(self) -> int:
        """Attend to the worker until it has ended; its exit status, negative for a signal."""
        while True:
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                self._child = 0
                self._take_signals()  # one that ended a whole process group may be here already
                self._take_messages()
                if self._channel is not None:
                    self._channel.close()
                self._tell_trace()
                return os.waitstatus_to_exitcode(status)
            before = time.monotonic()
            self._attend(min(STEP, self._patience() / 4))
            # While this process itself is stopped (a paused machine, say), no worker can be blamed for silence.
            self._silence += min(time.monotonic() - before, STEP)
            if self._silence > self._patience():
                self._end_hung_worker()

    def _tell_trace(self) -> None:
        trace = os.pread(self._trace, LONGEST_TRACE, 0)
        os.ftruncate(self._trace, 0)
        os.lseek(self._trace, 0, os.SEEK_SET)  # the next worker shares the offset
        for line in trace.decode(errors="replace").splitlines():
            logger.error("%s", line)

    def end(self) -> None:
        """A worker that was killed has left the file of its control socket."""
        if self.kept is not None and self.kept.control is not None:
            self.kept.control.remove()

    def is_final(self, status: int) -> bool:
        return bool(self._asked) or (self.kept is None and status >= 0)

    def final_status(self, status: int) -> int:
        """For the shell; a worker that died of the signal that asked for its end has done what it was asked."""
        return status if status >= 0 else 0 if -status == self._asked else 128 - status

    def wait(self, seconds: float) -> bool:
        """Wait before the next start. False: the end was asked for meanwhile."""
        end = time.monotonic() + seconds
        while not self._asked and (left := end - time.monotonic()) > 0:
            self._attend(min(left, STEP))
        return not self._asked

    def _attend(self, seconds: float) -> None:
        """Wait for signals and messages, and take them."""
        self._manager.sign()
        waited = [self._signals.reading, *([self._channel] if self._channel is not None and self._child else [])]
        select.select(waited, [], [], seconds)
        self._take_signals()
        if self._child:
            self._take_messages()

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
            if self._child:
                os.kill(self._child, number)

    def _hand_reload_on(self) -> None:
        if self._reload_asked and self._serving and self._child:
            self._reload_asked = False
            os.kill(self._child, signal.SIGHUP)

    def _take_messages(self) -> None:
        while self._channel is not None and (message := receive(self._channel)) is not None:
            self._silence = 0.0
            if isinstance(message, Kept):
                self._keep(message)
            elif message == DONE and not self._asked:
                self._manager.tell(READY)
            elif not message:
                self._channel.close()
                self._channel = None

    def _keep(self, kept: Kept) -> None:
        if self.kept is not None:
            self.kept.close()
        self.kept = kept
        self._serving = True
        if self._asked:
            kept.stop_listening()
        self._hand_reload_on()

    def _patience(self) -> float:
        if self._aborted:
            return ABORT_GRACE
        return self.kept.heartbeat if self._serving and self.kept is not None else START_LIMIT

    def _end_hung_worker(self) -> None:
        number = signal.SIGKILL if self._aborted else signal.SIGABRT
        logger.error("the edge shows no sign of life for %g s and gets %s", self._patience(), number.name)
        self._aborted, self._silence = True, 0.0
        os.kill(self._child, number)


def _end_text(status: int) -> str:
    names = {number.value: number.name for number in signal.Signals}
    return f"died of {names.get(-status, f'signal {-status}')}" if status < 0 else f"ended with status {status}"
