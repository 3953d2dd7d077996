"""One HAProxy master with its worker: brought to what is wanted by a start or a reload, asked how it is."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections.abc import Callable

from sipedge.printable import escaped
from sipedge.servers.engine import Engine
from sipedge.servers.folder import owner_for, write_folder

from .program import check, find
from .question import Answer, ask, state
from .wanted import CONFIG, SOCKET, USER, Wanted

logger = logging.getLogger("sipedge.haproxy")

LONGEST_SOCKET = 90
"""Bytes of the socket's path: the system has 107 for it, and HAProxy adds a suffix of its own while it starts."""
START_LIMIT = 5.0
"""Seconds that a process has to answer before a change restarts it: SIGUSR2 would end one that does not know it yet."""
LONGEST_LINE = 2000
"""Characters of its log lines that are logged: most hold what clients have sent."""
_OWN = re.compile(r"\[(NOTICE|WARNING|ALERT)\] +\(\d+\) : (.*)")
_OWN_LEVELS = {"NOTICE": logging.DEBUG, "WARNING": logging.WARNING, "ALERT": logging.ERROR}
_CONSEQUENCE = re.compile(r"Some protocols failed|Exiting|Loading failure|exited with code|exit-on-failure")
"""Alerts that only follow from the one that says why."""
_ORDINARY = re.compile(r"Server \S+ (is|\(|administratively)|[Bb]ackend '?\S+ has no server|\S+ changed its IP")
"""Warnings of a worker that only tell how servers are: ``answer`` has that, and the sections' log says what changes."""
_SEVERITY = re.compile(r"<(\d)>(.*)")


class Haproxy:
    """``bring`` at the start and for each change, ``aclose`` at the end. Lives in the event loop.

    ``name``: how the log calls it; ``on_log``: gets each line that the sections' ``log global`` makes, with its
    severity (syslog's: 4 a warning, 6 information); ``on_change``: something has changed in ``answer``.
    """

    def __init__(
        self,
        name: str,
        *,
        on_log: Callable[[int, str], None] | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.answer: Answer | None = None
        """What the worker last said of itself; None while it does not answer."""
        self.alert = ""
        """The last reason that it gave for not starting, or not taking a change over."""
        self._on_log, self._on_change = on_log or self._log, on_change
        self._engine: Engine | None = None
        self._folder, self._revision = "", ""

    @property
    def is_current(self) -> bool:
        """Whether the worker has said that it has what was wanted last."""
        return self.answer is not None and self.answer.info.get("description") == self._revision

    @property
    def restarts(self) -> int:
        return self._engine.restarts if self._engine is not None else 0

    @property
    def pid(self) -> int:
        """Of the master; 0 while there is none."""
        return self._engine.pid if self._engine is not None else 0

    async def bring(self, folder: str, wanted: Wanted) -> None:
        """Check, write to ``folder`` (absolute), and start or reload. Raises OSError; then all stays as it was."""
        program = find()
        if len(os.fsencode(f"{folder}/{SOCKET}")) > LONGEST_SOCKET:
            raise OSError(f'the path of the folder "{folder}" is too long for a socket in it')
        for remark in await check(program, folder, wanted):
            logger.warning("%s: %s", self.name, escaped(remark))
        if self._engine is not None and folder != self._folder:
            await self.aclose()
        write_folder(folder, wanted.in_folder(folder), owner_for(USER))
        changed = wanted.revision != self._revision
        self._folder, self._revision = folder, wanted.revision
        if self._engine is None:
            self._engine = self._started(program)
        elif changed:
            await self._reload(self._engine)

    async def ask(self, command: str) -> str:
        """One command to the worker, such as ``set server pool/name state drain``. Raises OSError."""
        return (await ask(f"{self._folder}/{SOCKET}", command))[0]

    async def aclose(self) -> None:
        """End it for good: master and all workers."""
        if self._engine is not None:
            await self._engine.aclose()
        self._engine, self.answer, self.alert = None, None, ""

    def _started(self, program: str) -> Engine:
        return Engine(
            self.name,
            [program, "-W", "-f", os.path.join(self._folder, CONFIG)],
            owner_for(USER),
            on_line=self._line,
            ask=self._ask,
            on_change=self._changed,
            reload_signal=signal.SIGUSR2,
            low_ports=True,
        )

    async def _reload(self, engine: Engine) -> None:
        deadline = asyncio.get_running_loop().time() + START_LIMIT
        while not engine.answers and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        if engine.answers:
            engine.reload()
        else:
            engine.restart()

    async def _ask(self) -> None:
        before = self.is_current
        self.answer = await state(f"{self._folder}/{SOCKET}")
        if self.is_current:
            self.alert = ""
        if before != self.is_current:
            self._on_change()

    def _changed(self) -> None:
        if self._engine is None or not self._engine.answers:
            self.answer = None
        self._on_change()

    def _line(self, text: str) -> None:
        if found := _SEVERITY.fullmatch(text):
            self._on_log(int(found[1]), found[2])
            return
        found = _OWN.fullmatch(text)
        level = _OWN_LEVELS[found[1]] if found and not _ORDINARY.match(found[2]) else logging.DEBUG
        if found and level == logging.ERROR and not _CONSEQUENCE.search(text):
            self.alert = escaped(found[2][:LONGEST_LINE])
        logger.log(level, "%s: %s", self.name, escaped(text[:LONGEST_LINE]))

    def _log(self, severity: int, text: str) -> None:
        level = logging.WARNING if severity <= 4 else logging.DEBUG
        logger.log(level, "%s: %s", self.name, escaped(text[:LONGEST_LINE]))
