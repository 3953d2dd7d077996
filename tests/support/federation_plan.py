"""The federation guide's plan (tables 4 and 5) on two edges, with rules added and taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support.settings import make_settings

from dialplan.language.parser import parse_dialplan
from dialplan.model import Dialplan, SearchRule
from dialplan.search.search import CompiledPlan
from sipedge.notify_return import GivenNames, LinkReport, edges_of, links_of, prove
from sipedge.settings import Listener, Settings
from zones.zone import AnyZone, Credential, DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

from .paths import DATA

FOLDER = DATA / "dialplans/federation"
USER = Credential("traversal", "secret")
INNER: tuple[AnyZone, ...] = (
    NeighborZone(name="IMP", peers=("10.0.0.10",), port=5062),
    TraversalClientZone(name="Traversal client", peers=("expe.ciscoexample.com",), credential=USER),
)
OUTER: tuple[AnyZone, ...] = (
    TraversalServerZone(name="Traversal server", credential=USER),
    DnsZone(name="DNS"),
)
FQDN = "imp1-public.ciscoexample.com"


def rules_of(file: str) -> tuple[SearchRule, ...]:
    return parse_dialplan((FOLDER / file).read_text(), file).rules


def settings_of(rules: tuple[SearchRule, ...], zones: tuple[AnyZone, ...], host: str, **fields: Any) -> Settings:
    listener = Listener("sip", "203.0.113.1" if host == "expe" else "10.0.0.20", 5061)
    values = {"zones": zones, "domains": ("ciscoexample.com",), "system_name": f"{host}.ciscoexample.com", **fields}
    return replace(make_settings("", listeners=(listener,), **values), plan=CompiledPlan(Dialplan(rules=rules)))


def inside(without: str = "", zones: tuple[AnyZone, ...] = INNER, extra: str = "", **fields: Any) -> Settings:
    kept = tuple(rule for rule in rules_of("inside.dialplan") if rule.name != without)
    return settings_of((*kept, *parse_dialplan(extra, "extra").rules), zones, "expc", **fields)


def outside(
    without: str = "", mended: bool = True, zones: tuple[AnyZone, ...] = OUTER, extra: str = "", **fields: Any
) -> Settings:
    """``mended``: with the rule that the guide's outside edge lacks."""
    kept = tuple(rule for rule in rules_of("outside.dialplan") if rule.name != without)
    more = rules_of("fqdn.dialplan") if mended else ()
    return settings_of((*kept, *more, *parse_dialplan(extra, "extra").rules), zones, "expe", **fields)


def report_of(inner: Settings, outer: Settings, **told: Any) -> LinkReport:
    links, problems = links_of(edges_of([("inside", inner), ("outside", outer)]))
    assert not problems
    return prove(links[0], GivenNames(**told))
