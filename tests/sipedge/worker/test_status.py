"""What ``status`` tells of an edge in memory."""

from __future__ import annotations

from pathlib import Path

from support.configuration import write

from sipedge.config import load_config
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
