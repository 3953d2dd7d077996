"""What has changed, told to the browsers that look (server-sent events). A browser fetches anew what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

import anyio
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sipedge.control.refusal import TOO_MUCH, UNAVAILABLE, Refused

MOST = 64
"""Browsers that look at the same time."""
MOST_EACH = 12
"""Of one account."""
BEAT = 15.0
"""Seconds after which a line is sent although nothing has changed: who is gone is noticed by it. As often it is asked
whether who looks still may."""
Still = Callable[[], Awaitable[bool]]
"""Whether somebody may still look."""


class Live:
    """Belongs to the event loop. A browser that is slow misses changes in between, never the last one."""

    def __init__(self) -> None:
        self._lookers = Counter[str]()
        self._changes = 0
        self._changed = anyio.Event()

    def changed(self) -> None:
        self._changes += 1
        self._changed.set()
        self._changed = anyio.Event()

    def answer(self, who: str, still: Still) -> Response:
        """The stream of one browser, of the account ``who``. Raises Refused where too many look."""
        if self._lookers.total() >= MOST:
            raise Refused(UNAVAILABLE, f"{MOST} browsers look already")
        if self._lookers[who] >= MOST_EACH:
            raise Refused(TOO_MUCH, f"{MOST_EACH} browsers of {who} look already")
        self._lookers[who] += 1
        return _Stream(self._events(still), lambda: self._gone(who))

    def _gone(self, who: str) -> None:
        self._lookers[who] -= 1
        self._lookers += Counter()  # without those that are 0

    async def _events(self, still: Still) -> AsyncIterator[str]:
        seen, asked = self._changes, monotonic()
        yield "retry: 2000\n\n"
        while True:
            with anyio.move_on_after(BEAT):
                if self._changes == seen:
                    await self._changed.wait()
            if monotonic() >= asked + BEAT:
                if not await still():
                    yield "event: ended\ndata: 1\n\n"
                    return
                asked = monotonic()
            yield ": still here\n\n" if self._changes == seen else "event: changed\ndata: 1\n\n"
            seen = self._changes


class _Stream(StreamingResponse):
    """Counted from when it is promised until it has ended, whether it was begun or not."""

    def __init__(self, events: AsyncIterator[str], ended: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()
