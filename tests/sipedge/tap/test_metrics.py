from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from support.certificates import issue, make_ca
from support.settings import RULES, plan_of
from support.tapped import HEAD, entry

from dialplan.model import Query, Traffic
from sipedge.settings import Certificate, Tls
from sipedge.sip.message import Message
from sipedge.tap.metrics import METHODS, OTHER, Gauges, Metrics, expiries, families, registry


def _message(start: bytes) -> Message:
    return Message(start + b"\r\nCall-ID: 1\r\n\r\n")


def test_messages_are_counted_by_direction_zone_and_kind() -> None:
    metrics = Metrics({})
    for _ in range(2):
        metrics.received("IMP", Message(HEAD, b"hello"))
    metrics.received("IMP", _message(b"SIP/2.0 180 Ringing"))
    metrics.sent("Outside", HEAD)
    metrics.sent("Outside", b"SIP/2.0 404 Not Found\r\n\r\n")
    counts = metrics.counts()
    assert counts.requests == {("received", "IMP", "MESSAGE"): 2, ("sent", "Outside", "MESSAGE"): 1}
    assert counts.responses == {("received", "IMP", "1xx"): 1, ("sent", "Outside", "4xx"): 1}


def test_made_up_methods_share_one_count() -> None:
    metrics = Metrics({})
    for number in range(50):
        metrics.received("IMP", _message(b"X%d sip:a SIP/2.0" % number))
        metrics.sent("IMP", b"X%d sip:a SIP/2.0\r\n\r\n" % number)
        metrics.sent("IMP", b"X" * 100 + b"%d sip:a SIP/2.0\r\n\r\n" % number)
    assert metrics.counts().requests == {("received", "IMP", OTHER): 50, ("sent", "IMP", OTHER): 100}


@pytest.mark.parametrize("method", METHODS.values())
def test_each_known_method_is_counted_both_ways(method: str) -> None:
    metrics = Metrics({})
    metrics.received("IMP", _message(f"{method} sip:a SIP/2.0".encode()))
    metrics.sent("IMP", f"{method} sip:a SIP/2.0\r\n\r\n".encode())
    assert metrics.counts().requests == {("received", "IMP", method): 1, ("sent", "IMP", method): 1}


def test_decisions_are_counted_by_what_decided() -> None:
    plan = plan_of(RULES)
    metrics = Metrics({})
    metrics.decided(entry(plan.search(Query("bob@outside.example", "Inside", Traffic.STANDARD)), 200))
    metrics.decided(entry(plan.search(Query("bob@nowhere.example", "Inside", Traffic.STANDARD)), 404))
    metrics.decided(entry(status=483))
    routed = entry(status=0)
    routed.route = "Outside"
    metrics.decided(routed)
    assert metrics.counts().decisions == {
        ("rule", "to outside", "2xx"): 1,
        ("no rule", "", "4xx"): 1,
        ("refused", "", "4xx"): 1,
        ("route", "", "none"): 1,
    }


def test_the_certificates_of_the_edge_are_watched(tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    leaf = issue(ca, names=["edge.example.com"])
    own = Certificate(str(leaf.certificate), str(leaf.key))
    ends = expiries(Tls(server=(own,), client=own))
    assert list(ends) == [str(leaf.certificate)]
    assert ends[str(leaf.certificate)] > datetime.now(UTC).timestamp()


def test_prometheus_can_read_all_of_it() -> None:
    metrics = Metrics({})
    metrics.received("IMP", Message(HEAD, b"hello"))
    metrics.decided(entry())
    metrics.dns_failed("timeout")
    metrics.certificates = {"edge.pem": 86400.0 * 3}
    state = Gauges(
        connections={'a "quoted"\nzone': 2},
        refused={("", "limit"): 3},
        requests_refused={("IMP", "peer rate"): 7},
        bans={"handshake": 8},
        bans_begun={"scan": 9},
        waiting=10,
        transactions={"server": 1},
        peers={("IMP", "192.0.2.2:5061"): False},
        traversal={"Inside": True},
        dns={"waiting": 5},
        dns_spared={"pause": 6},
        dropped={"hep": 4},
    )
    lines = generate_latest(registry(lambda: families(metrics.counts(), state, 86400.0))).decode().splitlines()
    wanted = [
        'sipedge_requests_total{direction="received",method="MESSAGE",zone="IMP"} 1.0',
        'sipedge_decisions_total{by="refused",outcome="2xx",rule=""} 1.0',
        'sipedge_dns_failures_total{error="timeout"} 1.0',
        'sipedge_dns_questions{state="waiting"} 5.0',
        'sipedge_dns_spared_total{reason="pause"} 6.0',
        'sipedge_connections{zone="a \\"quoted\\"\\nzone"} 2.0',
        'sipedge_connections_refused_total{reason="limit",zone=""} 3.0',
        'sipedge_requests_refused_total{reason="peer rate",zone="IMP"} 7.0',
        'sipedge_banned{reason="handshake"} 8.0',
        'sipedge_bans_total{reason="scan"} 9.0',
        "sipedge_requests_paced 10.0",
        'sipedge_transactions{role="server"} 1.0',
        'sipedge_peer_alive{peer="192.0.2.2:5061",zone="IMP"} 0.0',
        'sipedge_traversal_up{zone="Inside"} 1.0',
        'sipedge_log_dropped_total{output="hep"} 4.0',
        'sipedge_certificate_days_left{file="edge.pem"} 2.0',
    ]
    assert [line for line in wanted if line not in lines] == []
    assert any(line.startswith("process_open_fds ") for line in lines)
