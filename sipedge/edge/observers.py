"""Those who look on while the edge works: tap, metrics with their exposition, doctor (``[log]``, ``[metrics]``,
``[doctor]`` of edge.toml).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from time import time

from prometheus_client.core import Metric

from sipedge.doctor.installation import options_of
from sipedge.doctor.metrics import families as doctor_families
from sipedge.doctor.report import Report
from sipedge.doctor.rounds import rounds
from sipedge.network.connections import Connections
from sipedge.network.resolver import Resolver
from sipedge.pjsip.stack import Stack
from sipedge.proxy.proxy import Proxy
from sipedge.settings import Settings
from sipedge.tap.metrics import Counters, Gauges, Metrics, expiries, families, registry
from sipedge.tap.tap import Tap, wanted
from zones.addresses import host_port

from . import log
from .exposition import Exposition

FIRST_EXAMINATION = 10.0
"""Seconds after a start or a reload: connections that it brings about have come up by then."""
PATIENCE = 2.0
"""Seconds that a request for metrics waits for the event loop."""

logger = logging.getLogger("sipedge")


class Observers:
    """Belongs to the event loop."""

    def __init__(
        self,
        settings: Settings,
        proxy: Proxy,
        stack: Stack,
        connections: Connections,
        resolver: Callable[[], Resolver],
    ) -> None:
        """Open files and the listener of metrics. ``resolver``: the one in use. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._proxy, self._stack, self._connections = proxy, stack, connections
        self._resolver = resolver
        self.tap: Tap | None = None
        """None when nothing is to be written or counted."""
        self.metrics: Metrics | None = None
        self._exposition: Exposition | None = None
        self._doctor: asyncio.Task[None] | None = None
        self.report: Report | None = None
        """Of the doctor's last examination."""
        self._expose(settings)
        if wanted(settings):
            self.tap = Tap(settings, proxy.peer, self.metrics)
        self._examine(settings)

    async def reload(self, settings: Settings) -> None:
        """Follow new settings. A listener or file that cannot be opened is logged; files are tried again."""
        await self._end_doctor()
        self._examine(settings)
        before = self._exposition
        if before is not None and before.listen != settings.metrics.listen:
            self._exposition = None
            await self._loop.run_in_executor(None, before.close)
        try:
            self._expose(settings)
            if self.metrics is not None:
                self.metrics.certificates = await self._loop.run_in_executor(None, expiries, settings.tls)
        except OSError as error:
            logger.error("reload: no metrics on %s: %s", settings.metrics.listen, error)
        if self.tap is not None:
            self.tap.reload(settings, self.metrics)
        elif wanted(settings):
            self.tap = Tap(settings, self._proxy.peer, self.metrics)
        if not wanted(settings):
            self.tap = None

    async def aclose(self) -> None:
        """End all. What the tap has queued is written first, for a few seconds at most."""
        await self._end_doctor()
        tap, self.tap = self.tap, None
        if tap is not None:
            tap.end()
            await self._loop.run_in_executor(None, tap.join)
        if self._exposition is not None:
            await self._loop.run_in_executor(None, self._exposition.close)

    def _expose(self, settings: Settings) -> None:
        listen = settings.metrics.listen
        if not listen:
            self.metrics = None
        elif self._exposition is None:
            self.metrics = self.metrics or Metrics(settings.tls)
            self._exposition = Exposition(listen, registry(self._collect))
            logger.info("metrics on http://%s/metrics", listen)

    def _examine(self, settings: Settings) -> None:
        """Begin a round of examinations; the report of the one before is dropped."""
        self.report = None
        if settings.doctor.interval:
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
        answer: Future[tuple[Counters, Gauges]] = Future()
        self._loop.call_soon_threadsafe(self._answer, answer)
        metrics = families(*answer.result(PATIENCE), time())
        return metrics + doctor_families(report) if (report := self.report) is not None else metrics

    def _answer(self, answer: Future[tuple[Counters, Gauges]]) -> None:
        if self.metrics is not None:  # else the listener is being closed
            answer.set_result((self.metrics.counts(), self._state()))

    def _state(self) -> Gauges:
        upkeep, counts, resolver = self._proxy.upkeep, self._stack.counts(), self._resolver()
        refused: dict[tuple[str, ...], float] = {key: number for key, number in self._connections.refused.items()}
        refused |= {(zone, "zone"): number for zone, number in self._proxy.refused.items()}
        return Gauges(
            connections=dict(Counter(peer.zone for peer in self._proxy.peers())),
            refused=refused,
            transactions={"server": counts.servers, "client": counts.clients},
            peers={(zone, host_port(hop.address, hop.port)): up for (zone, hop), up in upkeep.peers_alive().items()},
            traversal=dict(upkeep.traversal_up(self._loop.time())),
            dns=resolver.under_way,
            dns_spared=dict(resolver.spared),
            dropped=log.dropped() | (dict(self.tap.dropped()) if self.tap is not None else {}),
        )
