"""The running edge as the console sees it: asked over the control socket, in threads, so that no page waits long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time
from typing import Any

from anyio import CapacityLimiter, sleep, to_thread

from sipedge.control.answers import Done
from sipedge.control.channel.client import Asking, Unreachable
from sipedge.control.refusal import Refused
from sipedge.control.requests import History, Log, Plan, Request, Status
from sipedge.control.values import PeerJson, StatusJson, ZoneJson

INTERVAL = 2.0
"""Seconds between two looks at the edge."""
PATIENCE = 150.0
"""Seconds for an answer: reading a configuration may take 60 of them, and another load may come first."""
LOOK = 10.0
"""Seconds for what the edge answers from its memory: one that hangs shall not be shown for long as it was before."""
FROM_MEMORY = (Status, History, Log, Plan)
AT_ONCE = 4
"""Questions: the edge serves 16 clients, and the command line wants to be among them."""


@dataclass(frozen=True, slots=True)
class EdgeState:
    """What the last look showed."""

    at: float
    """Seconds since the epoch; 0 before the first look."""
    status: StatusJson | None
    """None where nobody answered."""
    problem: str = ""
    """Why nobody did: one sentence."""


class Link:
    """Belongs to the event loop."""

    def __init__(self, place: str) -> None:
        """``place``: the control socket; '' where the edge has none."""
        self._place = place
        self._limiter: CapacityLimiter | None = None
        self.state = EdgeState(0, None, "the edge was not asked yet")

    async def ask(self, request: Request) -> tuple[list[Any], Any]:
        """(the items, the value of the end). Raises Refused, Unreachable."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_ONCE)
        return await to_thread.run_sync(self._ask, request, limiter=self._limiter)

    async def look(self) -> EdgeState:
        """Ask how it is, now."""
        try:
            connections, status = await self.ask(Status())
            if not _is_whole(status):
                raise Unreachable(f"it is of version {status.get('version')}, which this console cannot read")
            status["connections"] = connections
            self.state = EdgeState(time(), status)
        except (Unreachable, Refused) as error:
            self.state = EdgeState(time(), None, str(error))
        return self.state

    async def watch(self, told: Callable[[EdgeState], Awaitable[None]]) -> None:
        """Look for ever. ``told``: called with each state."""
        while True:
            await told(await self.look())
            await sleep(INTERVAL)

    def _ask(self, request: Request) -> tuple[list[Any], Any]:
        if not self._place:
            raise Unreachable("control = false under [edge], so nobody can ask this edge")
        items: list[Any] = []
        with Asking(self._place, LOOK if isinstance(request, FROM_MEMORY) else PATIENCE) as asking:
            for answer in asking.ask(request):
                if isinstance(answer, Done):
                    return items, answer.value
                items.append(answer.value)
        raise AssertionError("an answer has an end")


def _is_whole(status: dict[str, Any]) -> bool:
    """Whether an edge of this version has said it: of another one something may be missing."""
    if not StatusJson.__required_keys__ <= status.keys():
        return False
    peers = [peer for zone in status["zones"] for peer in zone["peers"]]
    zones_are = all(ZoneJson.__required_keys__ <= zone.keys() for zone in status["zones"])
    return zones_are and all(PeerJson.__required_keys__ <= peer.keys() for peer in peers)
