"""What the console knows and has at hand: one value, made at the start, that every page reads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from sipedge.config.console_table import ConsoleConfig

from .desk import Desk
from .door import AccountsDoor
from .identity import Door
from .keeping import Keeping
from .link import EdgeState, Link
from .live import Live


def world_for(config: ConsoleConfig) -> World:
    """Everything beside the edge of a configuration."""
    keeping = Keeping(config.console.folder)
    return World(config, Link(config.control), AccountsDoor(config, keeping), keeping, Desk(config))


@dataclass(slots=True)
class World:
    config: ConsoleConfig
    link: Link
    door: Door
    keeping: Keeping
    desk: Desk
    live: Live = field(default_factory=Live)

    def tasks(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What runs beside the pages, until it is cancelled."""
        return [self._watch, self.desk.until_the_end]

    async def _watch(self) -> None:
        await self.link.watch(self._seen)

    async def _seen(self, state: EdgeState) -> None:
        self.live.changed()
