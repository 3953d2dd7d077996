"""The journal of a running edge: opened at the start and where a reload names another one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from os import unlink

from sipedge.journal.journal import Journal
from sipedge.proxy.commands import Keep
from sipedge.proxy.events import Recalled
from sipedge.settings import Settings, where

from .others.colleagues import FIRST
from .others.elsewhere import MOST


def path_of(journal: str, worker: int) -> str:
    """The file of one of several workers; the first one's has the name that is configured."""
    return journal if worker == FIRST else f"{journal}.{worker}"


class Keeping:
    """Belongs to the event loop."""

    def __init__(self, settings: Settings, worker: int = FIRST) -> None:
        """Blocks: the file is read. Raises OSError. ``worker``: of several each has a file of its own.

        What workers have kept that there are no more is kept by the others from now on.
        """
        self._path, self._worker = "", worker
        left = range(settings.workers, MOST)
        heirs = [number for number in left if number % settings.workers == worker]
        self._journal = self.open(settings, [path_of(settings.journal, number) for number in heirs])
        self._path = settings.journal

    def open(self, settings: Settings, others: Sequence[str] = ()) -> Journal | None:
        """The journal of other settings; None: none, or the one that is in use. Blocks. Raises OSError.

        ``others``: files that are taken into it.
        """
        if not settings.journal or settings.journal == self._path:
            return None
        try:
            return Journal(path_of(settings.journal, self._worker), others)
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
