"""A load in all workers, in two phases: every one prepares, then every one puts in force; or nothing has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from sipedge.bus.bus import Bus, GoneError

from .words import Confirmed, Forget, Prepare, Use

PATIENCE = 60.0
"""Seconds for a worker to prepare: 10,000 rules take some on a busy machine."""
AT_ONCE = 10.0

logger = logging.getLogger("sipedge")


class Followers:
    """Worker 0's side; nobody is there where an edge has one worker. Belongs to the event loop."""

    def __init__(self, bus: Bus | None) -> None:
        self._bus = bus

    async def prepare(self, parcel: bytes, files: Mapping[str, bytes]) -> None:
        """Raises ValueError and OSError: then none of them keeps what it has prepared."""
        failed = [error for error in await self._ask(Prepare(parcel, files), PATIENCE) if error is not None]
        if failed:
            await self.forget()
            raise failed[0]

    async def forget(self) -> None:
        await self._ask(Forget(), AT_ONCE)

    async def use(self, since: float, until: float, ports: Mapping[str, int]) -> None:
        """One that cannot ends, and begins anew with what is in force."""
        await self._ask(Use(since, until, ports), AT_ONCE)

    async def confirm(self) -> None:
        await self._ask(Confirmed(), AT_ONCE)

    async def _ask(self, what: object, seconds: float) -> list[ValueError | OSError | None]:
        """What each one raised; one that is gone meanwhile comes back with what is in force."""
        bus = self._bus
        return [] if bus is None else await asyncio.gather(*(_asked(bus, each, what, seconds) for each in bus.others))


async def _asked(bus: Bus, worker: int, what: object, seconds: float) -> ValueError | OSError | None:
    try:
        await bus.ask(worker, what, seconds)
    except GoneError as error:
        logger.error("%s", error)
    except (ValueError, OSError) as error:
        return error
    return None
