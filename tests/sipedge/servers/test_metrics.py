"""States of services as Prometheus reads them."""

from __future__ import annotations

from sipedge.servers.metrics import families
from sipedge.servers.state import PoolState, ServerState, ServiceState, Stream


def test_a_service_has_a_sample_of_each_metric() -> None:
    streams = (Stream("a.example", "b.example", "incoming", "192.0.2.1", True),)
    state = ServiceState("XMPP federation", True, "", restarts=3, streams=streams)
    samples = {
        (sample.name, sample.labels.get("direction", "")): sample.value
        for family in families([state])
        for sample in family.samples
    }
    assert samples == {
        ("sipedge_service_active", ""): 1,
        ("sipedge_service_pending", ""): 0,
        ("sipedge_service_restarts_total", ""): 3,
        ("sipedge_service_streams", "incoming"): 1,
        ("sipedge_service_streams", "outgoing"): 0,
    }


def test_each_server_of_a_pool_has_samples_of_its_own() -> None:
    servers = (
        ServerState("cms1", "10.0.0.1:443", "active", "", 2, 9),
        ServerState("cms2", "", "failed", "it has no address in the DNS", 0, 0),
    )
    state = ServiceState("web publishing", True, "", pools=(PoolState("join.example.com", (), servers),))
    samples = {
        (sample.name, sample.labels["pool"], sample.labels["server"], sample.labels["address"]): sample.value
        for family in families([state])
        for sample in family.samples
        if "pool" in sample.labels
    }
    assert samples == {
        ("sipedge_pool_server_active", "join.example.com", "cms1", "10.0.0.1:443"): 1,
        ("sipedge_pool_server_active", "join.example.com", "cms2", ""): 0,
        ("sipedge_pool_server_sessions", "join.example.com", "cms1", "10.0.0.1:443"): 2,
        ("sipedge_pool_server_sessions", "join.example.com", "cms2", ""): 0,
    }


def test_without_services_there_are_no_metrics_of_them() -> None:
    assert families([]) == []
