"""Revocation lists fetched from where certificates say: beside the loop, bounded, kept in memory until a restart.

The certificates lead to a trusted CA, but what they point to is still somebody else's: plain http only, addresses of
the Internet only, few at once, small enough, in time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import dns.exception

from sipedge.certificates.revocation import CrlError, RevocationList, read_list
from sipedge.settings import DnsSettings
from zones.addresses import Allowed, canonical_address

from .http import HttpError, Url, addresses_to_ask, exchange, parse_url
from .resolver import ResolverError, dns_resolver

LARGEST = 16 * 1024 * 1024
"""Bytes of one list."""
MOST = 64
"""URLs that are remembered; the one that was looked into longest ago goes first."""
AT_ONCE = 4
SECONDS = 30.0
"""For one list."""
FETCH_AGAIN = 3600.0
"""Seconds until a list is fetched anew, sooner where it expires before."""
AFTER_FAILURE = 60.0

_log = logging.getLogger("sipedge.revocation")


@dataclass(slots=True)
class _Kept:
    list: RevocationList | None = None
    fetch_at: float = float("-inf")
    """By the loop's clock."""


class CrlFetcher:
    """Belongs to the event loop."""

    def __init__(self, fetched: Callable[[str], None]) -> None:
        """``fetched`` is called with its URL when a list has come."""
        self._fetched = fetched
        self._dns = DnsSettings()
        self._allowed = Allowed()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wanted: dict[str, None] = {}
        """URLs that wait for a task."""

    def follow(self, dns: DnsSettings, allowed: Allowed) -> None:
        """Where names are looked up from now on, and what may be connected to beside the Internet."""
        self._dns, self._allowed = dns, allowed

    def lists(self, urls: Iterable[str]) -> Iterator[RevocationList]:
        """Those that are here. Those that are not, or are due again, are fetched meanwhile."""
        for url in urls:
            kept = self._kept.setdefault(url, _Kept())
            self._kept.move_to_end(url)
            if kept.fetch_at <= asyncio.get_running_loop().time() and url not in self._tasks:
                self._begin(url, kept)
            if kept.list is not None:
                yield kept.list
        self._forget()

    def fetched(self) -> dict[str, datetime]:
        """URL -> when the list begins that is here."""
        return {url: kept.list.begins for url, kept in self._kept.items() if kept.list is not None}

    def want(self, url: str, begins: datetime) -> None:
        """Fetch a list unless the one that is here is of this time: another worker has one, and may judge by it."""
        kept = self._kept.setdefault(url, _Kept())
        self._kept.move_to_end(url)
        if kept.list is None or kept.list.begins < begins:
            self._wanted[url] = None
        self._forget()
        self._begin_wanted()

    async def aclose(self) -> None:
        self._wanted.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self) -> None:
        while len(self._kept) > MOST:
            url, _ = self._kept.popitem(last=False)
            self._wanted.pop(url, None)

    def _begin_wanted(self) -> None:
        while self._wanted and len(self._tasks) < AT_ONCE:
            url = next(iter(self._wanted))
            del self._wanted[url]
            if url not in self._tasks:
                self._begin(url, self._kept[url])

    def _begin(self, url: str, kept: _Kept) -> None:
        if len(self._tasks) < AT_ONCE:  # else the next connection asks again
            self._tasks[url] = asyncio.create_task(self._fetch(url, kept))

    async def _fetch(self, url: str, kept: _Kept) -> None:
        now = asyncio.get_running_loop().time
        kept.fetch_at = now() + AFTER_FAILURE
        try:
            try:
                fetched = await self._get(url)
            finally:
                del self._tasks[url]
                self._begin_wanted()
        except (HttpError, CrlError) as error:
            _log.warning("%s: no revocation list: %s", ascii(url), error)
            return
        except Exception:  # a stranger wrote the answer
            _log.exception("%s: no revocation list", ascii(url))
            return
        kept.list, kept.fetch_at = fetched, now() + _life(fetched)
        _log.info("%s: fetched a revocation list with %d entries", ascii(url), len(fetched.serials))
        self._fetched(url)

    async def _get(self, text: str) -> RevocationList:
        """Raises HttpError, CrlError."""
        try:
            url = parse_url(text)
        except ValueError as error:
            raise HttpError(str(error)) from None
        good = addresses_to_ask(url, await self._addresses(url), self._allowed)
        if not good:
            raise HttpError(f"{ascii(url.host)} has no address to connect to")
        data = await exchange(url, good[0], seconds=SECONDS, largest=LARGEST)
        return await asyncio.to_thread(read_list, data, text)

    async def _addresses(self, url: Url) -> list[str]:
        """Raises HttpError."""
        if canonical_address(url.host):
            return [url.host]
        try:
            answer = await dns_resolver(self._dns).resolve(url.host, "A", lifetime=SECONDS)
        except (dns.exception.DNSException, ResolverError, OSError) as error:
            raise HttpError(f"{ascii(url.host)} is not found: {error}") from None
        return [canonical_address(record.address) for record in answer]


def _life(fetched: RevocationList) -> float:
    """Seconds until a list is fetched anew."""
    left = float("inf") if fetched.ends is None else (fetched.ends - datetime.now(UTC)).total_seconds()
    return max(AFTER_FAILURE, min(FETCH_AGAIN, left))
