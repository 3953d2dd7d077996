"""The last lines of the log, of all workers, for those who ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from sipedge.control.channel.service import Client
from sipedge.control.requests import Log
from sipedge.control.values import LogLineJson
from sipedge.edge.logs import log
from sipedge.edge.logs.recent import Line
from sipedge.edge.others.colleagues import FIRST

from .followers import Followers
from .words import LinesNow

LOOK = 0.5
"""Seconds between two looks for a client that follows."""


class Lines:
    """Belongs to the event loop."""

    def __init__(self, followers: Followers) -> None:
        self._followers = followers

    async def log(self, wish: Log, client: Client) -> None:
        """An item for each line, oldest first; further ones as they come, where it is followed."""
        seen: dict[int, int] = {}
        last = wish.last
        while not client.is_gone:
            found = await self._found(wish, seen)
            for line in found[-last:]:
                await client.item(_json(line))
            if not wish.follow:
                return
            last = 0
            await asyncio.sleep(LOOK)

    async def _found(self, wish: Log, seen: dict[int, int]) -> list[Line]:
        """Of all workers. ``seen``: worker -> the last number, which it keeps. A worker that was started again begins
        at 1 anew: then all of its lines are new."""
        found: dict[tuple[float, str], Line] = {}  # what was said before a worker began, each of them has
        for worker, lines in {FIRST: log.recent(), **await self._followers.lines()}.items():
            before = seen.get(worker, 0) if lines and lines[-1].number >= seen.get(worker, 0) else 0
            found |= {(line.time, line.text): line for line in chosen(lines, wish) if line.number > before}
            seen[worker] = lines[-1].number if lines else 0
        return sorted(found.values(), key=lambda line: line.time)


async def told(wish: LinesNow) -> list[Line]:
    """The answer of a worker that follows."""
    return log.recent()


def chosen(lines: Iterable[Line], wish: Log) -> list[Line]:
    names = logging.getLevelNamesMapping()
    least = names.get(wish.level.upper(), 0)
    return [line for line in lines if names.get(line.level, 0) >= least and wish.text in f"{line.source}: {line.text}"]


def _json(line: Line) -> LogLineJson:
    return {"time": line.time, "level": line.level.lower(), "source": line.source, "text": line.text}
