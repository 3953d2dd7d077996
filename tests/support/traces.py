"""Records and trace files for tests of what is made of traces."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sipedge.anonymise.output import writer_for
from sipedge.sip.message import Message
from sipedge.traces.records.record import Direction, Endpoint, Record

from .messages import request
from .settings import EDGE, INSIDE_PEER

STRANGER = "203.0.113.77"
CONFIG = f"""\
[edge]
system_name = "edge.inside.example"
domains = ["inside.example"]
dialplans = ["edge.dialplan"]
[[listener]]
name = "sip"
address = "{EDGE}"
port = 5060
transport = "TCP"
[[zone]]
name = "Inside"
type = "neighbor"
peers = ["{INSIDE_PEER}"]
transport = "TCP"
[[zone]]
name = "Outside"
type = "neighbor"
peers = ["198.51.100.20"]
transport = "TCP"
"""
PLAN = r"""
transform "short" {
    pattern type regex
    pattern "00(\d+)@(.*)"
    behavior replace
    replace "+\1@\2"
}
search rule "chat in" {
    priority 20
    traffic type microsoft im and presence
    mode alias pattern match
    pattern type suffix
    pattern "@inside.example"
    behavior leave
    on successful match stop
    target zone "Inside"
}
search rule "out" {
    priority 100
    source zone "Inside"
    mode any alias
    target zone "Outside"
}
"""


def record(message: Message | bytes | None = None, **fields: Any) -> Record:
    """From the peer inside to the edge at 10:00:00 on the first of January 1970, unless ``fields`` say otherwise."""
    data = message if isinstance(message, bytes) else (message or request()).to_bytes()
    values: dict[str, Any] = {
        "time": 36_000.0,
        "direction": Direction.RECEIVED,
        "source": Endpoint(INSIDE_PEER, 40_000),
        "destination": Endpoint(EDGE, 5060),
        "transport": "tcp",
        "data": data,
        "exact": True,
        "file": "trace",
        "position": 0,
    }
    return Record(**{**values, **fields})


def write_trace(path: Path, records: Iterable[Record]) -> str:
    """As JSON lines; a capture when the name ends in .pcap."""
    with open(path, "wb") as stream:
        write = writer_for(path.name, stream)
        for one in records:
            write(one)
    return str(path)


def write_config(folder: Path, plan: str = PLAN, name: str = "edge", config: str = CONFIG) -> str:
    (folder / f"{name}.dialplan").write_text(plan)
    path = folder / f"{name}.toml"
    path.write_text(config.replace("edge.dialplan", f"{name}.dialplan"))
    return str(path)
