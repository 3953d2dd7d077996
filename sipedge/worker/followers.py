"""A load in all workers, in two phases: every one prepares, then every one puts in force; or nothing has changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from sipedge.bus.bus import Bus, GoneError
from sipedge.edge.logs.recent import Line
from sipedge.edge.others.look import Look
from sipedge.edge.recording import Outcomes

from .words import Confirmed, Forget, LinesNow, LookNow, OutcomesNow, Prepare, Use

PATIENCE = 60.0
"""Seconds for a worker to prepare: 10,000 rules take some on a busy machine."""
AT_ONCE = 10.0
LOOK = 1.5

logger = logging.getLogger("sipedge")


class Followers:
    """Worker 0's side; nobody is there where an edge has one worker. Belongs to the event loop."""

    def __init__(self, bus: Bus | None) -> None:
        self._bus = bus

    async def prepare(self, parcel: bytes, files: Mapping[str, bytes]) -> None:
        """Raises ValueError and OSError: then none of them keeps what it has prepared."""
        answers = await self.ask(Prepare(parcel, files), PATIENCE)
        failed = [answer for answer in answers.values() if isinstance(answer, ValueError | OSError)]
        if failed:
            await self.forget()
            raise failed[0]

    async def forget(self) -> None:
        await self.ask(Forget(), AT_ONCE)

    async def use(self, since: float, until: float, ports: Mapping[str, int]) -> None:
        """One that cannot ends, and begins anew with what is in force."""
        await self.ask(Use(since, until, ports), AT_ONCE)

    async def confirm(self) -> None:
        await self.ask(Confirmed(), AT_ONCE)

    async def look(self) -> list[Look]:
        answers = await self.ask(LookNow(), LOOK)
        return [answer for answer in answers.values() if isinstance(answer, Look)]

    async def outcomes(self) -> list[Outcomes]:
        answers = await self.ask(OutcomesNow(), LOOK)
        return [answer for answer in answers.values() if isinstance(answer, Outcomes)]

    async def lines(self) -> dict[int, list[Line]]:
        """The last lines of the log of each."""
        answers = await self.ask(LinesNow(), LOOK)
        return {worker: answer for worker, answer in answers.items() if isinstance(answer, list)}

    async def ask(self, what: object, seconds: float = AT_ONCE) -> dict[int, object]:
        """What each one answered or raised; one that is gone meanwhile comes back with what is in force."""
        bus = self._bus
        if bus is None:
            return {}
        others = bus.others
        return dict(
            zip(others, await asyncio.gather(*(_asked(bus, each, what, seconds) for each in others)), strict=True)
        )


async def _asked(bus: Bus, worker: int, what: object, seconds: float) -> object:
    try:
        return await bus.ask(worker, what, seconds)
    except GoneError as error:
        logger.error("%s", error)
    except (ValueError, OSError) as error:
        return error
    return None
