"""One engine: somebody else's server as a child process that is started again whenever it ends or no longer answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Sequence

from .folder import Owner
from .lines import LONGEST_LINE, MOST, read_lines

logger = logging.getLogger("sipedge.servers")

DIRECTORY = "/"
"""Where engines and their checkers run: their user may not be allowed to enter the edge's own directory."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
QUESTION_INTERVAL = 2.0
"""Seconds between two questions."""
SOON = 8
"""Questions after a start or a reload that are asked eight times as often."""
ANSWER_LIMIT = 5.0
"""Seconds for an answer."""
SILENCE = 30.0
"""Seconds without an answer after which an engine is ended; also the time that it has for its start."""
STOP_LIMIT = 5.0
"""Seconds between SIGTERM and SIGKILL."""


class Engine:
    """A process and who watches it.

    ``on_line`` gets each line of its output, ``ask`` puts a question that only a working engine answers and raises
    OSError when there is no answer, ``on_change`` is called when the process has started or ended.
    ``reload_signal``: has it read its files anew; ``low_ports``: it may listen on ports below 1024.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        owner: Owner | None,
        *,
        on_line: Callable[[str], None],
        ask: Callable[[], Awaitable[None]],
        on_change: Callable[[], None],
        reload_signal: signal.Signals = signal.SIGHUP,
        low_ports: bool = False,
    ) -> None:
        self.name = name
        self.answers = False
        """Whether the last question was answered."""
        self.restarts = 0
        """Starts that nobody asked for."""
        self._command = as_child(command, owner, low_ports=low_ports)
        self._reload_signal = reload_signal
        self._on_line, self._ask, self._on_change = on_line, ask, on_change
        self._process: asyncio.subprocess.Process | None = None
        self._restart_asked = False
        self._soon = 0
        self._hurry = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def pid(self) -> int:
        """0 while there is no process."""
        return self._process.pid if self._process is not None else 0

    def reload(self) -> None:
        """Have it read its files anew; what it serves goes on."""
        self._soon = SOON
        self._hurry.set()
        self._signal(self._reload_signal)

    def restart(self) -> None:
        """End it; it is started again at once."""
        self._restart_asked = True
        self._signal(signal.SIGTERM)

    async def aclose(self) -> None:
        """End it for good."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._restart_asked = False
            lived = await self._one_life()
            if self._restart_asked:
                continue
            self.restarts += 1
            pause = FIRST_PAUSE if lived > LONGEST_PAUSE else pause
            logger.error("%s has ended and is started again in %g s", self.name, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _one_life(self) -> float:
        """Start it and wait for its end; the seconds between the two."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=DIRECTORY,
                limit=LONGEST_LINE,
                start_new_session=True,
            )
        except OSError as error:
            logger.error("%s cannot be started: %s", self.name, error)
            return 0.0
        self._process, self._soon = process, SOON
        watch = loop.create_task(self._watch())
        try:
            await self._read(process)
            await process.wait()
        finally:
            watch.cancel()
            await _end(process)
            self._process, self.answers = None, False
            self._on_change()
        return loop.time() - began

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        await read_lines(process.stdout, self._on_line, self._dropped)

    def _dropped(self, number: int) -> None:
        logger.warning("%s wrote more than %d lines in a second: %d of them were not read", self.name, MOST, number)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        answered = loop.time()
        while True:
            at_rest = self.answers and not self._soon
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), QUESTION_INTERVAL if at_rest else QUESTION_INTERVAL / 8)
            self._hurry.clear()
            self._soon = max(0, self._soon - 1)
            before = self.answers
            try:
                await asyncio.wait_for(self._ask(), ANSWER_LIMIT)
                self.answers, answered = True, loop.time()
            except (OSError, TimeoutError):
                self.answers = False
            if loop.time() - answered > SILENCE:
                logger.error("%s has not answered for %g s and is ended", self.name, SILENCE)
                if self._process is not None:
                    _kill(self._process)
            if before != self.answers:
                self._on_change()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


_LOW_PORTS = ("--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service")


def as_child(command: Sequence[str], owner: Owner | None, *, low_ports: bool = False) -> list[str]:
    """util-linux's setpriv lets the engine end with the edge, however that ends, and gives away what root may.

    ``low_ports``: but for the right to ports below 1024; an edge that is not root hands on what it has itself.
    """
    identity = [] if owner is None else [f"--reuid={owner.uid}", f"--regid={owner.gid}", "--clear-groups"]
    if owner is not None and low_ports:
        identity += _LOW_PORTS
    return ["setpriv", *identity, "--pdeathsig", "KILL", "--no-new-privs", "--", *command]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), STOP_LIMIT)
    _kill(process)
    await process.wait()
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError):  # the pipe is closed at its end
        await asyncio.wait_for(process.stdout.read(), STOP_LIMIT)


def _kill(process: asyncio.subprocess.Process) -> None:
    """With all that it has started: a worker that hangs outlives its master, and keeps its ports and its output."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
