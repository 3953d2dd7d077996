"""All of it together, and what a look at the edge sets off."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from sipedge.config.console_table import ConsoleConfig
from sipedge.control.refusal import UNAVAILABLE, Refused
from sipedge.control.values import StatusJson
from sipedge.control.words import short
from sipedge.history.store import Segments
from sipedge.history.wish import TooLong

from .conditions import Condition, Seen, conditions
from .disk import Disk
from .feeding import Feeder
from .journal import Journal
from .plans import Ask, Plans
from .room import folders_of, free_in

AT_ONCE = 4
"""Questions to the history."""
Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")
HISTORY = "history"
"""The folder of segments, in that of the console."""


class Watch:
    """Belongs to the event loop. What lies in files is opened when it is wanted first."""

    def __init__(self, config: ConsoleConfig, ask: Ask) -> None:
        self._config = config
        self._folder = Path(config.console.folder)
        self.plans = Plans(self._folder / "plans", ask)
        self.disk = Disk(config.path)
        self._folders = folders_of(config)
        self._status: StatusJson | None = None
        self._limiter = CapacityLimiter(AT_ONCE)
        self.worries: list[Condition] = []
        """By the last look at the edge."""
        self.unkept = ""
        """Why the journal of alarms and events does not grow: one sentence; ''."""

    @cached_property
    def history(self) -> Segments:
        """Raises OSError where the folder cannot be used, or another console uses it."""
        return Segments(self._folder / HISTORY)

    @cached_property
    def feeder(self) -> Feeder:
        settings = self._config.console
        return Feeder(self.history, self._config.log.decisions, settings.days, settings.bytes)

    @property
    def trouble(self) -> str:
        """Why the history does not grow, or is not whole: one sentence; ''."""
        left_out = (f"left out, because it cannot be read: {each}" for each in self.history.unreadable)
        return "; ".join(filter(None, (self.feeder.problem, *left_out)))

    @cached_property
    def journal(self) -> Journal:
        """Raises OSError."""
        return Journal(self._folder)

    def tasks(self, changed: Callable[[], None]) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What runs beside the pages. ``changed``: called whenever there is something new to be seen."""

        async def feed() -> None:
            await self.feeder.run(changed)

        return [feed]

    async def asked(self, call: Callable[Arguments, Value], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        """A question to the history or the journal, in a thread. Raises what it raises; Refused where it takes long."""
        try:
            return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._limiter)
        except TooLong as error:
            raise Refused(UNAVAILABLE, str(error)) from None

    async def seen(self, status: StatusJson | None, problem: str) -> None:
        """After each look at the edge: alarms, events, the plan for later."""
        try:
            if status is not None:
                await self._note(status)
                await self.plans.keep(status["revision"])
            await to_thread.run_sync(self._judge, status, problem)
            self.unkept = ""
        except OSError as error:  # the disk is full: pages say so, and SIP goes on
            self.worries = self._worries(status, problem)
            self.unkept = f"alarms and events cannot be kept: {error}"

    def open(self) -> None:
        """Now, so that somebody sees what is wrong with it. Raises OSError."""
        self.feeder, self.journal  # noqa: B018

    def close(self) -> None:
        """What was opened."""
        for name in ("feeder", "history", "journal"):
            if name in self.__dict__:
                self.__dict__[name].close()

    async def _note(self, status: StatusJson) -> None:
        before, self._status = self._status, status
        revision = status["revision"]
        if before is None or before["revision"] != revision:
            trial = ", on trial" if status["unconfirmed"] else ""
            text = f"revision {short(revision)} is in force{trial}"
            await to_thread.run_sync(self.journal.note, "revision", text, revision)
        if before is not None and before["pid"] != status["pid"]:
            await to_thread.run_sync(self.journal.note, "edge", f"the edge was started again, as {status['pid']}")

    def _judge(self, status: StatusJson | None, problem: str) -> None:
        self.worries = self._worries(status, problem)
        self.journal.judge(self.worries)

    def _worries(self, status: StatusJson | None, problem: str) -> list[Condition]:
        feeder = self.feeder
        seen = Seen(
            status=status,
            problem=problem,
            history=feeder.problem,
            damaged=self.history.unreadable,
            lost=feeder.lost,
            unread=feeder.unread,
            rooms=free_in(self._folders),
            least=self._config.console.disk_free,
        )
        return conditions(seen)
