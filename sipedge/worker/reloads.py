"""One reload at a time: all requests that come while one runs become one more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger("sipedge")


class Reloads:
    """Belongs to the event loop."""

    def __init__(self, reload: Callable[[], Awaitable[None]], done: Callable[[], None]) -> None:
        """``done`` is called when no reload is left to do, whatever came of them."""
        self._reload, self._done = reload, done
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def request(self) -> None:
        self._wanted = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await self._reload()
            except Exception:
                logger.exception("reload: an error of the edge itself")
        self._task = None
        self._done()
