"""What the console knows and has at hand: one value, made at the start, that every page reads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread

from sipedge.accounts.roles import Role, role_named
from sipedge.config.console_table import ConsoleConfig
from sipedge.console.bounds.lanes import Lanes
from sipedge.console.bounds.live import Live
from sipedge.console.watch.watch import Watch
from sipedge.masking.pseudonyms import Pseudonyms
from sipedge.oidc.provider import Provider

from .desk import Desk
from .door import AccountsDoor
from .identity import Door
from .keeping import Keeping
from .link import EdgeState, Link
from .mask_key import pseudonyms_in
from .sight import Sight

_log = logging.getLogger("sipedge.console")


def world_for(config: ConsoleConfig) -> World:
    """Everything beside the edge of a configuration. Raises OSError where the console's folder cannot be used, or a
    file of CAs cannot be read."""
    keeping, link = Keeping(config.console.folder), Link(config.control)
    oidc = config.console.oidc
    provider = None if oidc is None else Provider(oidc)
    door = AccountsDoor(config, keeping)
    masked = role_named(config.console.aliases_for) > Role.AUDITOR
    pseudonyms = pseudonyms_in(config.console.folder) if masked else None
    return World(config, link, door, keeping, Desk(config), Watch(config, link.ask), provider, pseudonyms)


@dataclass(slots=True)
class World:
    config: ConsoleConfig
    link: Link
    door: Door
    keeping: Keeping
    desk: Desk
    watch: Watch
    provider: Provider | None = None
    """Where people may log in, too."""
    pseudonyms: Pseudonyms | None = None
    """None where everybody sees names."""
    live: Live = field(default_factory=Live)
    lanes: Lanes = field(default_factory=Lanes)

    def open(self) -> None:
        """Now, so that somebody sees what is wrong with what is kept. Raises OSError."""
        self.watch.open()
        self.keeping.accounts.some()

    def sight(self, role: Role) -> Sight:
        """What somebody sees of people."""
        return Sight(self.watch, self.pseudonyms, role >= role_named(self.config.console.aliases_for))

    def tasks(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What runs beside the pages, until it is cancelled."""
        return [self._look, self.desk.until_the_end, *self.watch.tasks(self.live.changed)]

    async def _look(self) -> None:
        await self.link.watch(self._seen)

    async def _seen(self, state: EdgeState) -> None:
        try:
            await self._noted(state)
        except Exception:  # else nobody would look at the edge any more, while pages show what was
            _log.exception("what the look at the edge showed could not be noted")
        self.live.changed()

    async def _noted(self, state: EdgeState) -> None:
        await self.watch.seen(state.status, state.problem)
        await self.desk.seen(state.status)
        if state.status is not None and (back := state.status["went_back"]) is not None:
            with suppress(OSError):
                await to_thread.run_sync(self.keeping.note_way_back, back)
