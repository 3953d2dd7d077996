"""The state of services as metrics for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from .state import ServiceState

_LABELS = ("service",)
_SERVER = (*_LABELS, "pool", "server", "address")


def families(states: Sequence[ServiceState]) -> list[Metric]:
    """None where no service runs."""
    active = GaugeMetricFamily("sipedge_service_active", "1: the service works", labels=_LABELS)
    pending = GaugeMetricFamily("sipedge_service_pending", "1: changes wait to be in force", labels=_LABELS)
    restarts = CounterMetricFamily(
        "sipedge_service_restarts", "Starts of engines that had died or hung", labels=_LABELS
    )
    streams = GaugeMetricFamily("sipedge_service_streams", "Open streams with partners", labels=(*_LABELS, "direction"))
    for state in states:
        active.add_metric((state.name,), state.active)
        pending.add_metric((state.name,), state.pending)
        restarts.add_metric((state.name,), state.restarts)
        counts = Counter(stream.direction for stream in state.streams)
        for direction in ("incoming", "outgoing"):
            streams.add_metric((state.name, direction), counts[direction])
    return [active, pending, restarts, streams, *_of_pools(states), *_of_turn(states)] if states else []


def _of_pools(states: Sequence[ServiceState]) -> list[Metric]:
    """A name with several addresses is one server for each."""
    up = GaugeMetricFamily("sipedge_pool_server_active", "1: the server behind is used", labels=_SERVER)
    sessions = GaugeMetricFamily("sipedge_pool_server_sessions", "Requests under way, WebSockets too", labels=_SERVER)
    servers = [(state.name, pool, server) for state in states for pool in state.pools for server in pool.servers]
    for service, pool, server in servers:
        labels = (service, pool.name, server.name, server.address)
        up.add_metric(labels, server.status == "active")
        sessions.add_metric(labels, server.sessions)
    return [up, sessions] if servers else []


def _of_turn(states: Sequence[ServiceState]) -> list[Metric]:
    metric = GaugeMetricFamily("sipedge_turn_allocations", "Relayed addresses that clients have")
    counts = [state.allocations for state in states if state.allocations is not None]
    for number in counts:
        metric.add_metric((), number)
    return [metric] if counts else []
