"""Revocation lists of a running edge, which all its workers are to have at the same time.

Each reads files and fetches for itself, in its own time. Whoever finds something new tells the others, and they look
at once: else a revoked peer had another ``crl_interval`` at the worker that reads last, and as long as a fetch takes
at each that has not seen its certificate yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from sipedge.bus.words import ListsFound
from sipedge.network.crl_fetching import CrlFetcher
from sipedge.network.revocation import Revocations
from sipedge.settings import Settings
from zones.dns import allowed_in
from zones.zone import Zone


class Lists:
    """Belongs to the event loop."""

    def __init__(self, settings: Settings, changed: Callable[[], None]) -> None:
        """Reads the files. ``changed`` is called when open connections have to be judged anew."""
        self._changed = changed
        self._fetcher = CrlFetcher(self._fetched)
        self.follow(settings)
        self.revocations = Revocations(settings.zones, self._fetcher)
        self.tell: Callable[[ListsFound], None] = lambda word: None
        """All other workers."""
        self._keeper: asyncio.Task[None] | None = None

    def follow(self, settings: Settings) -> None:
        """How lists are fetched from now on."""
        self._fetcher.follow(settings.dns, allowed_in(settings.zones))

    async def prepare(self, zones: Iterable[Zone]) -> Callable[[], None]:
        """See Revocations.prepare."""
        return await self.revocations.prepare(zones)

    def start(self, interval: Callable[[], float]) -> None:
        """Read the files every ``interval()`` seconds from now on."""
        keeping = self.revocations.keep_fresh(interval, self._changed, lambda: self.tell(self.found()))
        self._keeper = asyncio.get_running_loop().create_task(keeping)

    def found(self) -> ListsFound:
        """What another worker has to know of those here."""
        return ListsFound(self._fetcher.fetched())

    def heard(self, word: ListsFound) -> None:
        """Another worker has new ones."""
        self.revocations.read_soon()
        for url, begins in word.fetched.items():
            self._fetcher.want(url, begins)

    async def aclose(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        await self._fetcher.aclose()

    def _fetched(self, url: str) -> None:
        self._changed()
        self.tell(self.found())
