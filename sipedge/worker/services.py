"""What runs on other people's servers beside this edge, all together."""

from __future__ import annotations

import asyncio

from sipedge.servers.state import ServiceState
from sipedge.servers.web.publication import Publication
from sipedge.servers.xmpp.federation import Federation
from sipedge.settings import Settings


class Services:
    """Made inside the running event loop; ``follow`` at the start and after each reload, ``aclose`` at the end."""

    def __init__(self) -> None:
        self.federation = Federation()
        self._publication = Publication()

    def follow(self, settings: Settings) -> None:
        self.federation.follow(settings)
        self._publication.follow(settings)

    def states(self) -> tuple[ServiceState, ...]:
        """Of those that the settings ask for."""
        return (*self.federation.services(), *self._publication.services())

    async def aclose(self) -> None:
        await asyncio.gather(self.federation.aclose(), self._publication.aclose())
