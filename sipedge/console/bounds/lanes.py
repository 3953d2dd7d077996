"""How much each account may have under way at once: its further requests wait in line, those of others do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import Semaphore

from sipedge.control.refusal import TOO_MUCH, Refused

AT_ONCE = 3
"""Requests of one account: fewer than the threads that ask the history, and that see to drafts."""
MOST = 32
"""Requests of one account, those in line among them. A browser has six."""


class Lanes:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._lanes: dict[str, tuple[Semaphore, list[None]]] = {}
        """Account -> its turns, and as many items as it has requests."""

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Raises Refused where too many wait."""
        turns, there = self._lanes.setdefault(who, (Semaphore(AT_ONCE), []))
        if len(there) >= MOST:
            raise Refused(TOO_MUCH, f"{who} has {MOST} requests under way: wait for their answers")
        there.append(None)
        try:
            async with turns:
                yield
        finally:
            there.pop()
            if not there:
                self._lanes.pop(who, None)
