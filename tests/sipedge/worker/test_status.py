"""What ``status`` tells of an edge in memory."""

from __future__ import annotations

from pathlib import Path

from support.configuration import write

from sipedge.config import load_config
from sipedge.doctor.checks.result import About
from sipedge.doctor.report import Report
from sipedge.worker.status import status_json
from tools.memory_edge import MemoryEdge, run_edge

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
control = false

[[listener]]
name = "sip"
address = "203.0.113.1"
port = 5060
transport = "TCP"

[limits]
ban_after = 2

[log]
decisions = "decisions"
"""


def test_who_is_banned_and_for_how_long(tmp_path: Path) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        server = edge.server
        bans, limits, now = server._connections.bans, server._connections.limits, edge.loop.time()
        for _ in range(2):
            bans.offence("192.0.2.9", "password", limits, now)
        (ban,) = status_json(server.parts, edge.control.loads, 0.0, (), server.parts.observers.look())["bans"]
        assert (ban["source"], ban["reason"], ban["times"]) == ("192.0.2.9", "password", 1)
        assert 0 < ban["left"] <= limits.ban_time
        assert status_json(server.parts, edge.control.loads, 0.0, (), server.parts.observers.look())["decisions"] == 0

    path = write(tmp_path, CONFIG)
    run_edge(load_config(path), scenario, str(path))


def test_what_the_doctor_found_in_the_last_round_failures_first(tmp_path: Path) -> None:
    about = About("example.com", "sip.example.com")
    worse = about.warning("tls.expiry", "4 days", days=4), about.failed("dns.srv-port", "0")
    found = about.ok("tls.name", "fits"), *worse

    async def scenario(edge: MemoryEdge) -> None:
        parts = edge.server.parts
        assert status_json(parts, edge.control.loads, 0.0, (), parts.observers.look())["doctor"] == []
        parts.observers.report = Report(found, ("example.com",), 1.0)
        told = status_json(parts, edge.control.loads, 0.0, (), parts.observers.look())["doctor"]
        assert [(each["check"], each["verdict"], each["about"], each["seen"]) for each in told] == [
            ("dns.srv-port", "failed", "example.com sip.example.com", "0"),
            ("tls.expiry", "warning", "example.com sip.example.com", "4 days"),
        ]

    path = write(tmp_path, CONFIG)
    run_edge(load_config(path), scenario, str(path))
