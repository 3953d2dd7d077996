"""Records of decisions as an edge writes them, made by the edge's own code from a plan and a query."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dialplan.language.parser import parse_dialplan
from dialplan.model import Query, Traffic, Variables
from dialplan.search.search import CompiledPlan
from sipedge.decision.classification import Classification
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Attempt, Entry
from sipedge.tap.items import Decided
from zones.zone import Hop

from .tapped import record_of

PLAN = r"""
search rule "imp" {
    priority 20
    mode alias pattern match
    pattern type suffix
    pattern "@example.com"
    behavior leave
    on successful match stop
    target zone "IM&P"
}
search rule "rest" {
    priority 30
    mode alias pattern match
    pattern type regex
    pattern ".*@(far|new)\.example"
    behavior leave
    on successful match stop
    target zone "Internet"
}
"""
"""Two rules."""
BEGAN = 1_790_000_040.0
"""Seconds since the epoch."""
Json = dict[str, Any]
OPENED = ConnectionOpened(7, "TLS", "192.0.2.1", 5061, "198.51.100.9", 40000, "tls", names=("far.example",))


def plan_of(text: str = PLAN) -> CompiledPlan:
    return CompiledPlan(parse_dialplan(text, "edge.dialplan"), Variables())


def record(sequence: int, alias: str = "bob@example.com", plan: CompiledPlan | None = None, **more: Any) -> Json:
    """``more``: fields of Entry. Decision number ``sequence`` came so many milliseconds after BEGAN."""
    explanation = (plan or plan_of()).search(Query(alias, "Default Zone", Traffic.STANDARD))
    zones = [target.zone for tier in explanation.tiers for target in tier.targets]
    entry = Entry(
        time=BEGAN + sequence / 1000,
        opened=OPENED,
        zone="Default Zone",
        revision="a1" * 32,
        method="MESSAGE",
        request_uri=f"sip:{alias}",
        call_id=f"call-{sequence}@far.example",
        lines=(b"From: <sip:ann@far.example>;tag=1", _to(alias), b"CSeq: 1 MESSAGE"),
        classification=Classification(Traffic.STANDARD, "no sign of Microsoft"),
        explanation=explanation,
        alias=alias,
        attempts=[Attempt(Hop(zone, "TLS", "203.0.113.5", 5061), 200) for zone in zones[:1]],
        status=200 if zones else 404,
        own=not zones,
        reason="OK" if zones else "Not Found",
        seconds=0.004,
    )
    return record_of(Decided(0, replace(entry, **more), sequence))


def _to(alias: str) -> bytes:
    return f"To: <sip:{alias}>".encode("utf-8", "surrogateescape")


def write(path: Path, records: Iterable[Json]) -> None:
    """At the end of the file."""
    with path.open("a") as file:
        file.writelines(json.dumps(each, separators=(",", ":")) + "\n" for each in records)
