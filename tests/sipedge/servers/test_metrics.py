"""States of services as Prometheus reads them."""

from __future__ import annotations

from sipedge.servers.metrics import families
from sipedge.servers.state import ServiceState, Stream


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


def test_without_services_there_are_no_metrics_of_them() -> None:
    assert families([]) == []
