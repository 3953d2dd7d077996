"""Answers what is asked over the control socket. What it is asked to do is logged, with who asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from time import time

from sipedge.bus.bus import Bus
from sipedge.control import requests
from sipedge.control.channel.place import Place
from sipedge.control.channel.service import Client, Service
from sipedge.control.refusal import CONFLICT, NOT_FOUND, Refused
from sipedge.control.requests import Request
from sipedge.control.values import (
    ClosedJson,
    ConfirmedJson,
    LoadedJson,
    ProbedJson,
    ProbeResultJson,
    RestartedJson,
    StatusJson,
)
from sipedge.edge.in_force import Standing
from sipedge.edge.server import Server
from sipedge.proxy.commands import Probed
from sipedge.proxy.events import ProbeAsked
from sipedge.proxy.upkeep import Upkeep
from zones.addresses import host_port
from zones.traversal_server import TraversalServer
from zones.zone import Hop

from .decisions import Decisions
from .followers import Followers
from .lines import Lines
from .loads import Loads
from .services import Services
from .status import connections_json, status_json
from .words import Told

PROBE_LIMIT = 40.0
"""Seconds; pjsip gives up after 32."""

logger = logging.getLogger("sipedge.control")


class Control:
    """Belongs to the event loop."""

    def __init__(
        self,
        server: Server,
        path: str,
        standing: Standing,
        keep: Callable[[Standing, Place | None], None],
        services: Services,
        bus: Bus | None = None,
    ) -> None:
        """``path``: of the configuration. ``keep``: see Loads; it is told the place of the control socket, too.

        ``bus``: where other workers follow this one.
        """
        self._server, self._services = server, services
        self.service = Service(self._answer)
        parts = server, self.service, lambda now: keep(now, self.service.place), services.costs
        followers = Followers(bus)
        self.loads = Loads(path, standing, *parts, followers)
        self._look = followers.look
        if bus is not None:
            bus.answer, bus.note = self._told, self._noted
        self._decisions = Decisions(server, self.loads.revisions, followers)
        self._began = time()
        self._numbers = count(1)
        self._probes: dict[int, asyncio.Queue[Probed]] = {}
        server.probed = self._probed
        self._answers: dict[type[Request], Callable[..., Awaitable[object]]] = {
            requests.Status: self._status,
            requests.History: self._decisions.history,
            requests.Log: Lines(followers).log,
            requests.Plan: self._decisions.plan,
            requests.Load: self._load,
            requests.Confirm: self._confirm,
            requests.Restart: self._restart,
            requests.Probe: self._probe,
            requests.Close: self._close,
        }

    async def begin(self, place: Place | None) -> None:
        """The edge serves: answer at this place."""
        self._server.parts.observers.others = self._look
        await self.service.use(place)
        self.loads.begin()

    async def aclose(self) -> None:
        await self.loads.aclose()
        await self.service.aclose()

    async def _answer(self, request: Request, client: Client) -> object:
        return await self._answers[type(request)](request, client)

    async def _told(self, worker: int, what: object) -> object:
        """The answer to another worker's question: since when what is in force is."""
        return self.loads.standing.since

    def _noted(self, worker: int, what: object) -> None:
        if isinstance(what, Told):
            self._decisions.noted(worker, what)

    async def _status(self, request: requests.Status, client: Client) -> StatusJson:
        look = await self._server.parts.observers.look_at_all()
        for connection in connections_json(self._server.parts, look.transactions):
            await client.item(connection)
        return status_json(self._server.parts, self.loads, self._began, self._services.states(), look)

    async def _load(self, request: requests.Load, client: Client) -> LoadedJson:
        """It goes on where the client is gone: half of it would help nobody."""
        return await asyncio.shield(self.loads.load(request, str(client.caller)))

    async def _confirm(self, request: requests.Confirm, client: Client) -> ConfirmedJson:
        return {"revision": await self.loads.confirm(str(client.caller))}

    async def _restart(self, request: requests.Restart, client: Client) -> RestartedJson:
        restarted = self._services.federation.restart()
        if not restarted:
            raise Refused(CONFLICT, "no change waits for a restart")
        logger.info("restart of %s, as %s asked", ", ".join(restarted), client.caller)
        return {"restarted": restarted}

    async def _close(self, request: requests.Close, client: Client) -> ClosedJson:
        parts = self._server.parts
        peer = parts.proxy.peer(request.connection)
        if peer is None:
            raise Refused(NOT_FOUND, f'there is no connection {request.connection}; "sipedge status" lists them')
        text = "connection %d with %s (zone %s) is closed, as %s asked"
        logger.info(text, peer.connection, host_port(peer.address, peer.port), peer.zone, client.caller)
        self._server.close(peer.connection, "closed over the control socket")
        return {"connection": peer.connection, "peer": host_port(peer.address, peer.port), "zone": peer.zone}

    async def _probe(self, request: requests.Probe, client: Client) -> ProbedJson:
        parts = self._server.parts
        known = {zone.name.casefold(): zone.name for zone in parts.settings.zones}
        zone = known.get(request.zone.casefold())
        if zone is None:
            raise Refused(NOT_FOUND, f'there is no zone "{request.zone}"; zones are {", ".join(known.values())}')
        hops = [hop for hop, _ in parts.proxy.upkeep.probed_hops(zone)]
        if not hops:
            raise Refused(NOT_FOUND, _nobody(zone, parts.proxy.upkeep))
        number, answers = next(self._numbers), asyncio.Queue[Probed]()
        self._probes[number] = answers
        try:
            return {"zone": zone, "results": await self._results(zone, number, hops, answers)}
        finally:
            del self._probes[number]

    async def _results(
        self, zone: str, number: int, hops: list[Hop], answers: asyncio.Queue[Probed]
    ) -> list[ProbeResultJson]:
        loop = asyncio.get_running_loop()
        began, waiting, results = loop.time(), dict.fromkeys(hops), list[ProbeResultJson]()
        self._server.tell(ProbeAsked(zone, number))
        try:
            async with asyncio.timeout(PROBE_LIMIT):
                while waiting:
                    probed = await answers.get()
                    waiting.pop(probed.hop, None)
                    results.append(self._result(probed, loop.time() - began))
        except TimeoutError:
            results += [self._result(Probed(number, hop, 408, "no answer"), PROBE_LIMIT) for hop in waiting]
        return results

    def _result(self, probed: Probed, seconds: float) -> ProbeResultJson:
        hop = probed.hop
        peer = self._server.parts.proxy.peer(hop.connection) if hop.connection else None
        place = host_port(peer.address, peer.port) if peer else host_port(hop.address, hop.port)
        milliseconds = round(1000 * seconds, 1)
        return {"peer": place, "status": probed.status, "reason": probed.reason, "milliseconds": milliseconds}

    def _probed(self, probed: Probed) -> None:
        if probed.number in self._probes:
            self._probes[probed.number].put_nowait(probed)


def _nobody(zone: str, upkeep: Upkeep) -> str:
    """Why no OPTIONS can be sent."""
    known = upkeep.zone(zone)
    if isinstance(known, TraversalServer):
        return f'zone "{zone}" is a traversal server zone: its client sends the OPTIONS; see "sipedge status"'
    if known is None:
        return f'zone "{zone}" has no peers of its own; "sipedge doctor DOMAIN" examines whom the DNS names'
    return f'no peer of zone "{zone}" has an address or a connection; "sipedge status" says why'
