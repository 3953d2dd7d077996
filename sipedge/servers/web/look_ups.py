"""Service records of guest URIs, by the edge's own resolver, and when they have to be looked up again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count

from sipedge.network.resolver import Resolver
from sipedge.proxy.events import Resolved
from sipedge.settings import DnsSettings
from zones.dns import SrvRecord

from .pools import SERVICE, Services

SOONEST, LATEST = 2.0, 300.0
"""Seconds between two look-ups, whatever the DNS says."""


class LookUps:
    """Made inside a running event loop; ``aclose`` ends it. Raises ResolverError."""

    def __init__(self, dns: DnsSettings) -> None:
        self.again = LATEST
        """Seconds for which what was found last is good."""
        self._resolver = Resolver(dns, self._resolved)
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Resolved]] = {}

    async def services(self, guest_uris: Sequence[str], before: Mapping[str, Services]) -> dict[str, Services]:
        """``before``: what was found the last time, which stays where the DNS is silent."""
        answers = await asyncio.gather(*(self._ask(f"{SERVICE}.{uri}") for uri in guest_uris))
        self.again = max(SOONEST, min([LATEST, *(answer.ttl for answer in answers)]))
        return {uri: _services(uri, answer, before.get(uri)) for uri, answer in zip(guest_uris, answers, strict=True)}

    async def aclose(self) -> None:
        await self._resolver.aclose()

    async def _ask(self, name: str) -> Resolved:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._resolver.resolve(number, name, "SRV")
            return await self._waiting[number]
        finally:
            del self._waiting[number]

    def _resolved(self, event: Resolved) -> None:
        waiting = self._waiting.get(event.query)
        if waiting is not None and not waiting.done():
            waiting.set_result(event)


def _services(uri: str, answer: Resolved, before: Services | None) -> Services:
    if answer.error in ("", "nxdomain"):
        return Services(tuple(record for record in answer.records if isinstance(record, SrvRecord)))
    if before is not None and not before.problem:
        return before
    return Services(problem=f"the DNS gives no answer for {SERVICE}.{uri} ({answer.error})")
