"""What the pages stand on by which somebody changes the configuration. All of it blocks: ask it by ``run``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, Lock, fail_after, sleep_forever, to_thread

from sipedge.config.console_table import ConsoleConfig
from sipedge.console.watch.watch import HISTORY
from sipedge.control.refusal import UNAVAILABLE, Refused
from sipedge.control.values import StatusJson
from sipedge.review.apart import LIMIT, Apart
from sipedge.review.shadow import Shadow
from sipedge.revisions.applying import Revisions
from sipedge.revisions.drafts import Drafts

AT_ONCE = 8
"""Calls: most wait for the edge. What its two processes are asked has threads of its own, so that a confirmation never
waits for somebody's review."""
IN_LINE = 60.0
"""Seconds that a question waits for one of the processes."""
QUICK = 20.0
"""Seconds that it may take where somebody types meanwhile, or just looks."""
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
        self._limiter, self._asking = CapacityLimiter(AT_ONCE), CapacityLimiter(2)
        self._checks, self._studies = Lock(), Lock()
        self._settled: tuple[str, bool, float] | None = None
        """What was in force when revisions were settled, whether on trial, when the edge had gone back."""

    async def run(self, call: Callable[Arguments, Value], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        """In a thread."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._limiter)

    async def check(self, question: str, **arguments: object) -> Any:
        """A question that is answered soon, or not at all. Raises Refused."""
        return await self._asked(self.checker, self._checks, question, QUICK, arguments)

    async def study(self, question: str, **arguments: object) -> Any:
        """A question that may take minutes. Raises Refused."""
        return await self._asked(self.reviewer, self._studies, question, LIMIT, arguments)

    async def _asked(self, apart: Apart, turn: Lock, question: str, limit: float, arguments: dict[str, object]) -> Any:
        try:
            with fail_after(IN_LINE):
                await turn.acquire()
        except TimeoutError:
            raise Refused(UNAVAILABLE, "others have asked before, and that takes long: try again") from None
        try:
            return await to_thread.run_sync(partial(apart.ask, question, limit, **arguments), limiter=self._asking)
        finally:
            turn.release()

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
