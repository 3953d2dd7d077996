"""What the pages stand on by which somebody changes the configuration. All of it blocks: ask it by ``run``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, sleep_forever, to_thread

from sipedge.config.console_table import ConsoleConfig
from sipedge.console.watch.watch import HISTORY
from sipedge.control.refusal import Refused
from sipedge.control.values import StatusJson
from sipedge.review.apart import Apart
from sipedge.review.shadow import Shadow
from sipedge.revisions.applying import Revisions
from sipedge.revisions.drafts import Drafts

AT_ONCE = 8
"""Calls: most wait for one of the two processes, or for the edge."""
Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


class Desk:
    def __init__(self, config: ConsoleConfig) -> None:
        self.config = config.path
        self.history = os.path.join(config.console.folder, HISTORY)
        """The folder of its segments."""
        self.revisions = Revisions(config.path)
        self.drafts = Drafts(config.console.folder)
        self.checker = Apart(config.path)
        """For an editor, which wants its answers soon."""
        self.reviewer = Apart(config.path)
        self.shadow: Shadow | None = None
        """One at a time; it ends with the console."""
        self._limiter = CapacityLimiter(AT_ONCE)
        self._settled: tuple[str, bool, float] | None = None
        """What was in force when revisions were settled, whether on trial, when the edge had gone back."""

    async def run(self, call: Callable[Arguments, Value], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        """In a thread."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._limiter)

    async def seen(self, status: StatusJson | None) -> None:
        """After each look at the edge: whatever comes in force is a revision, and what the edge took back is taken back
        on the disk. Why that cannot be, the page of revisions says."""
        if status is None:
            return
        back = status["went_back"]
        now = (status["revision"], status["unconfirmed"] is not None, back["at"] if back else 0.0)
        if now == self._settled:
            return
        self._settled = now
        with suppress(Refused, OSError):
            await self.run(self.revisions.settle)

    async def end_shadow(self) -> None:
        shadow, self.shadow = self.shadow, None
        if shadow is not None:
            await self.run(shadow.end)

    async def until_the_end(self) -> None:
        """Its processes end with the console."""
        try:
            await sleep_forever()
        finally:
            self.end()

    def end(self) -> None:
        """Its processes."""
        self.checker.end()
        self.reviewer.end()
        if self.shadow is not None:
            self.shadow.end()
