"""Those who look on while the edge works: tap, metrics with their exposition, doctor (``[log]``, ``[metrics]``,
``[doctor]`` of edge.toml).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time

from prometheus_client.core import Metric

from sipedge.doctor.installation import options_of
from sipedge.doctor.metrics import families as doctor_families
from sipedge.doctor.report import Report
from sipedge.doctor.rounds import rounds
from sipedge.network.connections import Connections
from sipedge.network.listening import why_closed
from sipedge.network.resolver import Resolver
from sipedge.pjsip.stack import Stack
from sipedge.proxy.proxy import Proxy
from sipedge.servers.metrics import families as service_families
from sipedge.servers.state import ServiceState
from sipedge.settings import Settings, where
from sipedge.tap.metrics import Gauges, Metrics, expiries, families, registry
from sipedge.tap.tap import Tap, close_outputs, open_outputs, wanted
from sipedge.tap.worker import Output
from zones.addresses import host_port
from zones.zone import Hop

from .exposition import Exposition
from .logs import log
from .others.colleagues import Colleagues, shared_of
from .others.look import Look, together

FIRST_EXAMINATION = 10.0
"""Seconds after a start or a reload: connections that it brings about have come up by then."""
PATIENCE = 2.0
"""Seconds that a request for metrics waits for the event loop."""

logger = logging.getLogger("sipedge")


@dataclass(frozen=True, slots=True)
class Opened:
    """What other settings need, open already; nothing of it is in use."""

    settings: Settings
    exposition: Exposition | None
    """None: none, or the one that is there."""
    outputs: Mapping[str, Output]
    certificates: Mapping[str, float]

    def close(self) -> None:
        """Blocks for a fraction of a second."""
        close_outputs(self.outputs)
        if self.exposition is not None:
            self.exposition.close()


class Observers:
    """Belongs to the event loop."""

    def __init__(
        self,
        settings: Settings,
        proxy: Proxy,
        stack: Stack,
        connections: Connections,
        resolver: Callable[[], Resolver],
        services: Callable[[], Sequence[ServiceState]] = tuple,
        colleagues: Colleagues | None = None,
    ) -> None:
        """Open files and the listener of metrics. ``resolver``: the one in use; ``services``: what runs on engines.

        ``colleagues``: they write into the same files, and the first of them shows what all count. Raises OSError.
        """
        self._shared = None if colleagues is None else shared_of(colleagues)
        self._follows = colleagues is not None and colleagues.follows
        self.others: Callable[[], Awaitable[Sequence[Look]]] | None = None
        """What other workers have counted."""
        self.opening: Callable[[], Mapping[Hop, int]] = dict
        """What waits here for a connection to be opened."""
        self._loop = asyncio.get_running_loop()
        self._proxy, self._stack, self._connections = proxy, stack, connections
        self._resolver, self._services = resolver, services
        self.tap: Tap | None = None
        """None when nothing is to be written or counted."""
        self.metrics: Metrics | None = None
        self.settings = settings
        """Those that are followed."""
        self._exposition: Exposition | None = None
        self._doctor: asyncio.Task[None] | None = None
        self.report: Report | None = None
        """Of the doctor's last examination."""
        self._begin(self._open(settings))

    async def open(self, settings: Settings) -> Opened:
        """What other settings need beside what is there. Raises OSError; then nothing new is open."""
        return await self._loop.run_in_executor(None, self._open, settings)

    async def reload(self, opened: Opened) -> None:
        """Follow new settings; what they have no more is closed."""
        await self._end_doctor()
        before = self._exposition
        if before is not None and before.listen != opened.settings.metrics.listen:
            self._exposition = None
        else:
            before = None
        self._begin(opened)
        if before is not None:
            await self._loop.run_in_executor(None, before.close)

    async def aclose(self) -> None:
        """End all. What the tap has queued is written first, for a few seconds at most."""
        await self._end_doctor()
        tap, self.tap = self.tap, None
        if tap is not None:
            tap.end()
            await self._loop.run_in_executor(None, tap.join)
        if self._exposition is not None:
            await self._loop.run_in_executor(None, self._exposition.close)

    def _open(self, settings: Settings) -> Opened:
        """Blocks. Raises OSError."""
        listen, exposition = "" if self._follows else settings.metrics.listen, None
        certificates = expiries(settings.tls) if listen else {}
        collector = settings.log.hep != self.settings.log.hep
        outputs = open_outputs(settings, collector=collector, shared=self._shared)
        if listen and (self._exposition is None or self._exposition.listen != listen):
            try:
                exposition = Exposition(listen, registry(self._collect))
            except OSError as error:
                close_outputs(outputs)
                named = f"[metrics] listen{where(settings.places, 'metrics.listen')}"
                raise OSError(f"{named}: {listen} {why_closed(error)}") from None
        return Opened(settings, exposition, outputs, certificates)

    def _begin(self, opened: Opened) -> None:
        settings = self.settings = opened.settings
        if opened.exposition is not None:
            self._exposition = opened.exposition
            logger.info("metrics on http://%s/metrics", settings.metrics.listen)
        if settings.metrics.listen:
            self.metrics = self.metrics or Metrics(opened.certificates)
            self.metrics.certificates = opened.certificates
        else:
            self.metrics = None
        tap = self.tap or Tap(self._proxy.peer, self._shared)
        tap.use(opened.outputs, self.metrics)
        self.tap = tap if wanted(settings) else None
        self._examine(settings)

    def _examine(self, settings: Settings) -> None:
        """Begin a round of examinations; the report of the one before is dropped."""
        self.report = None
        if settings.doctor.interval and not self._follows:
            going = rounds(options_of(settings), settings.doctor.interval, self._take, first=FIRST_EXAMINATION)
            self._doctor = self._loop.create_task(going)

    def _take(self, report: Report) -> None:
        self.report = report

    async def _end_doctor(self) -> None:
        doctor, self._doctor = self._doctor, None
        if doctor is not None:
            doctor.cancel()
            await asyncio.gather(doctor, return_exceptions=True)

    def _collect(self) -> list[Metric]:
        """All metrics, for a thread of the exposition. Raises TimeoutError."""
        look, services = asyncio.run_coroutine_threadsafe(self._asked(), self._loop).result(PATIENCE)
        if look.counters is None:
            raise TimeoutError("the listener is being closed")
        metrics = families(look.counters, look.gauges, time()) + service_families(services)
        return metrics + doctor_families(report) if (report := self.report) is not None else metrics

    async def _asked(self) -> tuple[Look, Sequence[ServiceState]]:
        return await self.look_at_all(), self._services()

    async def look_at_all(self) -> Look:
        """Of all workers."""
        others = await self.others() if self.others is not None else ()
        return together(self.look(), others)

    def look(self) -> Look:
        """Of this worker."""
        counters = self.metrics.counts() if self.metrics is not None else None
        decisions = self.tap.sequence if self.tap is not None else 0
        used = ((peer.connection, self._stack.transactions_of(peer.connection)) for peer in self._proxy.peers())
        transactions = {connection: number for connection, number in used if number}
        return Look(self.gauges(), counters, transactions, self._waiting(), decisions, self._proxy.memory.counts())

    def _waiting(self) -> dict[tuple[str, str], int]:
        opening = {(hop.zone, host_port(hop.address, hop.port)): number for hop, number in self.opening().items()}
        return opening | self._proxy.waiting()

    def gauges(self) -> Gauges:
        """What is open or alive at this moment."""
        upkeep, counts, resolver = self._proxy.upkeep, self._stack.counts(), self._resolver()
        refused: dict[tuple[str, ...], float] = {key: number for key, number in self._connections.refused.items()}
        refused |= {(zone, "zone"): number for zone, number in self._proxy.refused.items()}
        return Gauges(
            connections=dict(Counter(peer.zone for peer in self._proxy.peers())),
            refused=refused,
            requests_refused={key: number for key, number in self._proxy.requests_refused().items()},
            bans=dict(Counter(ban.reason for ban in self._connections.bans.bans(self._loop.time()))),
            bans_begun=dict(self._connections.bans.begun),
            waiting=self._proxy.kept()["paced"],
            calls=len(self._proxy.dialogs),
            transactions={"server": counts.servers, "client": counts.clients},
            peers={(zone, host_port(hop.address, hop.port)): up for (zone, hop), up in upkeep.peers_alive().items()},
            traversal=dict(upkeep.traversal_up(self._loop.time())),
            dns=resolver.under_way,
            dns_spared=dict(resolver.spared),
            dropped=log.dropped() | (dict(self.tap.dropped()) if self.tap is not None else {}),
        )
