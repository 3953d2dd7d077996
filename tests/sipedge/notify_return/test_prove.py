from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.federation_plan import FQDN, INNER, OUTER, inside, outside, report_of, settings_of
from support.settings import plan_of, rule

from dialplan.language.format import write_entry
from dialplan.model import Dialplan, Query, Traffic
from dialplan.search.search import CompiledPlan
from sipedge.notify_return import Gap, GapLevel, LinkReport
from sipedge.settings import Settings

IMP = Traffic.MICROSOFT_IMP


def errors(report: LinkReport) -> list[Gap]:
    return [gap for gap in report.gaps if gap.level is GapLevel.ERROR]


def mended(settings: Settings, gap: Gap) -> Settings:
    assert gap.rule is not None
    plan = settings.plan
    return replace(settings, plan=CompiledPlan(plan.dialplan + Dialplan(rules=(gap.rule,)), plan.variables))


def test_as_printed_the_outside_edge_loses_the_notify_to_the_fqdn() -> None:
    report = report_of(inside(), outside(mended=False))
    (gap,) = errors(report)
    assert (gap.edge.name, not report.passed, report.unproved) == ("outside", True, [])
    assert [(loss.query.alias, loss.query.source, loss.wanted) for loss in gap.losses] == [
        (FQDN, "Default Zone", ("Traversal server",)),
        (f"{FQDN}:5061;transport=tls;lr", "Default Zone", ("Traversal server",)),
    ]
    assert gap.losses[0].reason == "no search rule matches it: 404 Not Found"
    assert gap.rule is not None and write_entry(gap.rule) == (
        f'search rule "NOTIFY to {FQDN}" {{\n'
        "    priority 20\n"
        "    traffic type microsoft im and presence\n"
        '    source zone "Default Zone"\n'
        "    mode alias pattern match\n"
        "    pattern type regex\n"
        '    pattern "imp1-public\\.ciscoexample\\.com([:;].*)?"\n'
        "    behavior leave\n"
        "    on successful match stop\n"
        '    target zone "Traversal server"\n'
        "}\n"
    )


def test_with_the_rule_that_is_missing_it_passes() -> None:
    report = report_of(inside(), outside())
    assert report.passed and errors(report) == []
    ways = [(one.passage.inward, one.source, one.target, one.traffic) for one in report.subscriptions]
    assert ways == [(False, "IMP", "DNS", IMP), (True, "Default Zone", "IMP", IMP)]


def test_the_rule_that_it_prints_mends_the_plan() -> None:
    (gap,) = errors(report_of(inside(), outside(mended=False)))
    assert report_of(inside(), mended(outside(mended=False), gap)).passed


PATTERNS = (r".*@p\.example", r".*@own\.example", r"fed\.own\.example", r"fed.*", r".*", r"a.*@p\.example")
SOURCES = {"inside": ("IMP", "Traversal client"), "outside": ("Default Zone", "Traversal server")}
TARGETS = {"inside": ("IMP", "Traversal client"), "outside": ("DNS", "Traversal server")}


def plans(side: str) -> st.SearchStrategy[str]:
    one = st.tuples(
        st.sampled_from(PATTERNS), st.sampled_from(SOURCES[side]), st.sampled_from(TARGETS[side]), st.sampled_from("12")
    )
    return st.lists(one, max_size=5).map(
        lambda rules: "".join(
            rule(f"r{number}", target, pattern, source_zone=f'"{source}"', priority=priority)
            for number, (pattern, source, target, priority) in enumerate(rules)
        )
    )


@pytest.mark.slow
@examples(60)
@given(plans("inside"), plans("outside"))
def test_agrees_with_trying_requests_one_by_one(inner: str, outer: str) -> None:
    here = replace(settings_of((), INNER, "expc", domains=("own.example",)), plan=plan_of(inner))
    there = replace(settings_of((), OUTER, "expe", domains=("own.example",)), plan=plan_of(outer))
    told = {"federation_routing": {"IMP": ("fed.own.example",)}, "partners": ("p.example",)}
    report = report_of(here, there, **told)
    assert report.unproved == []
    users = ["a@p.example", "b@p.example", "a@own.example", "fed@x.example", "a@y.example", "fed.own.example"]
    out = [user for user in users if first(here, user, "IMP", "Traversal client")]
    into = [user for user in users if first(there, user, "Default Zone", "Traversal server")]
    out = [user for user in out if first(there, user, "Traversal server", "DNS")]
    into = [user for user in into if first(here, user, "Traversal client", "IMP")]
    assert bool(out) <= any(not one.passage.inward for one in report.subscriptions)
    assert bool(into) <= any(one.passage.inward for one in report.subscriptions)
    lost = set()
    if any(not one.passage.inward for one in report.subscriptions):
        fed = "fed.own.example"
        lost |= {"outside"} if not first(there, fed, "Default Zone", "Traversal server") else set()
        lost |= {"inside"} if not first(here, fed, "Traversal client", "IMP") else set()
    if any(one.passage.inward for one in report.subscriptions):
        some = ("a@p.example", "b@p.example")
        lost |= {"inside"} if not all(first(here, user, "IMP", "Traversal client") for user in some) else set()
        lost |= {"outside"} if not all(first(there, user, "Traversal server", "DNS") for user in some) else set()
    assert {gap.edge.name for gap in errors(report)} == lost


def first(settings: Settings, alias: str, source: str, zone: str) -> bool:
    tiers = settings.plan.search(Query(alias, source, IMP)).tiers
    return bool(tiers) and any(target.zone == zone for target in tiers[0].targets)
