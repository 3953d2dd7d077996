"""What runs on other people's servers beside this edge, all together."""

from __future__ import annotations

import asyncio

from sipedge.servers.state import ServiceState
from sipedge.servers.turn.relay import Relay
from sipedge.servers.web.publication import Publication
from sipedge.servers.xmpp.federation import Federation
from sipedge.settings import Settings


class Services:
    """Made inside the running event loop; ``follow`` at the start and after each reload, ``aclose`` at the end."""

    def __init__(self) -> None:
        self.federation = Federation()
        self._publication, self._relay = Publication(), Relay()

    def follow(self, settings: Settings) -> None:
        self.federation.follow(settings)
        self._publication.follow(settings)
        self._relay.follow(settings)

    def states(self) -> tuple[ServiceState, ...]:
        """Of those that the settings ask for."""
        return (*self.federation.services(), *self._publication.services(), *self._relay.services())

    async def costs(self, settings: Settings) -> list[str]:
        """What these settings would cost, a sentence each."""
        return [
            *await self.federation.costs(settings),
            *self._publication.costs(settings.web),
            *self._relay.costs(settings.turn),
        ]

    async def aclose(self) -> None:
        await asyncio.gather(self.federation.aclose(), self._publication.aclose(), self._relay.aclose())
