"""What has changed, told to the browsers that look (server-sent events). A browser fetches anew what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

MOST = 64
"""Browsers that look at the same time."""
BEAT = 15.0
"""Seconds after which a line is sent although nothing has changed: who is gone is noticed by it."""


class Live:
    """Belongs to the event loop. A browser that is slow misses changes in between, never the last one."""

    def __init__(self) -> None:
        self._lookers = 0
        self._changes = 0
        self._changed = anyio.Event()

    def changed(self) -> None:
        self._changes += 1
        self._changed.set()
        self._changed = anyio.Event()

    async def answer(self, request: Request) -> Response:
        """The stream of one browser."""
        if self._lookers >= MOST:
            return PlainTextResponse(f"{MOST} browsers look already\n", 503)
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        self._lookers += 1
        seen = self._changes
        try:
            yield "retry: 2000\n\n"
            while True:
                with anyio.move_on_after(BEAT):
                    if self._changes == seen:
                        await self._changed.wait()
                yield ": still here\n\n" if self._changes == seen else "event: changed\ndata: 1\n\n"
                seen = self._changes
        finally:
            self._lookers -= 1
