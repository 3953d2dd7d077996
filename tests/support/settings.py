"""Settings for tests of the pure core: two neighbours and a dial plan in the rule language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.settings import Listener, Settings
from zones.zone import AnyZone, NeighborZone

EDGE = "203.0.113.1"
INSIDE_PEER = "192.0.2.10"
OUTSIDE_PEER = "198.51.100.20"
SECRET = b"a secret for tests only"

INSIDE = NeighborZone(name="Inside", peers=(INSIDE_PEER,), monitor=False)
OUTSIDE = NeighborZone(name="Outside", peers=(OUTSIDE_PEER,), monitor=False)
ZONES: tuple[AnyZone, ...] = (INSIDE, OUTSIDE)


def rule(name: str, target: str, pattern: str = "", **fields: str) -> str:
    """A search rule as text: regex and Leave when there is a pattern, Stop unless ``on_match`` says otherwise.

    ``fields`` are written as they are, with blanks for underscores.
    """
    lines = {"on successful match": fields.pop("on_match", "stop"), "target zone": f'"{target}"'}
    if pattern:
        lines |= {"mode": "alias pattern match", "pattern type": "regex", "behavior": "leave"}
        lines["pattern"] = f'"{pattern}"'
    lines |= {key.replace("_", " "): value for key, value in fields.items()}
    body = "\n".join(f"    {key} {value}" for key, value in lines.items())
    return f'search rule "{name}" {{\n{body}\n}}\n'


RULES = rule("to outside", "Outside", r".*@outside\.example.*") + rule("to inside", "Inside", r".*@inside\.example.*")


def plan_of(text: str) -> CompiledPlan:
    return CompiledPlan(parse_dialplan(text, "test.dialplan"))


def make_settings(rules: str = RULES, zones: tuple[AnyZone, ...] = ZONES, **fields: Any) -> Settings:
    defaults: dict[str, Any] = {
        "system_name": "edge.inside.example",
        "domains": ("inside.example",),
        "listeners": (Listener("sip", EDGE, 5061),),
        "secret": SECRET,
    }
    return Settings(**{**defaults, "zones": zones, "plan": plan_of(rules), **fields})


def with_zone(zones: tuple[AnyZone, ...], name: str, **fields: Any) -> tuple[AnyZone, ...]:
    """The same zones, one of them changed."""
    return tuple(replace(zone, **fields) if zone.name == name else zone for zone in zones)


THIRD = NeighborZone(name="Third", peers=("198.51.100.30",), monitor=False)
TWO_PEERS = make_settings(zones=with_zone(ZONES, "Outside", peers=(OUTSIDE_PEER, "198.51.100.21")))
"""With a second hop behind the first one of the zone Outside."""


def forking(on_match: str = "stop") -> Settings:
    """Outside and Third in one tier for every bob, Inside in a tier behind them."""
    pattern = r".*@outside\.example"
    rules = (
        rule("one", "Outside", pattern, priority="10", on_match=on_match)
        + rule("two", "Third", pattern, priority="10", on_match=on_match)
        + rule("three", "Inside", pattern, priority="20")
    )
    return make_settings(rules, (*ZONES, THIRD))
