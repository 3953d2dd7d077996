"""The journal of a running edge: opened at the start and where a reload names another one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from os import unlink

from sipedge.journal.journal import Journal
from sipedge.proxy.commands import Keep
from sipedge.proxy.events import Recalled
from sipedge.settings import Settings, where


class Keeping:
    """Belongs to the event loop."""

    def __init__(self, settings: Settings) -> None:
        """Blocks: the file is read. Raises OSError."""
        self._path = ""
        self._journal = self.open(settings)
        self._path = settings.journal

    def open(self, settings: Settings) -> Journal | None:
        """The journal of other settings; None: none, or the one that is in use. Blocks. Raises OSError."""
        if not settings.journal or settings.journal == self._path:
            return None
        try:
            return Journal(settings.journal)
        except OSError as error:
            named = f"[edge] journal{where(settings.places, 'edge.journal')}"
            raise OSError(f'{named}: "{settings.journal}": {error.strerror or error}') from None

    def recalled(self) -> Recalled:
        """What the file kept."""
        return Recalled({} if self._journal is None else self._journal.recalled)

    def use(self, settings: Settings, opened: Journal | None) -> None:
        """Follow other settings. The core writes all that counts into a new journal; the old one is deleted."""
        if settings.journal != self._path:
            before, self._journal = self._journal, opened
            self._path = settings.journal
            if before is not None:
                before.end()
                with suppress(OSError):
                    unlink(before.path)

    def keep(self, command: Keep) -> None:
        if self._journal is not None:
            self._journal.keep(command.key, command.data)

    async def aclose(self) -> None:
        """What waits is written first."""
        if self._journal is not None:
            self._journal.end()
            await asyncio.get_running_loop().run_in_executor(None, self._journal.join)
