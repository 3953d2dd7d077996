"""The proof on plans with one thing missing, or one more: each is named, with the rule that mends it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.federation_plan import FQDN, INNER, OUTER, inside, outside, report_of
from support.settings import plan_of, rule, with_zone

from dialplan.model import Dialplan, SearchRule, Traffic
from dialplan.search.search import CompiledPlan
from sipedge.notify_return import Gap, GapLevel, LinkReport
from sipedge.settings import Settings
from zones.zone import AuthenticationPolicy, Topology

IMP = Traffic.MICROSOFT_IMP


pytestmark = pytest.mark.slow


def errors(report: LinkReport) -> list[Gap]:
    return [gap for gap in report.gaps if gap.level is GapLevel.ERROR]


def mended(settings: Settings, gap: Gap) -> Settings:
    assert gap.rule is not None
    plan = settings.plan
    return replace(settings, plan=CompiledPlan(plan.dialplan + Dialplan(rules=(gap.rule,)), plan.variables))


def test_without_arrow_6_it_names_that_rule() -> None:
    report = report_of(inside(without="arrow 6"), outside())
    (gap,) = errors(report)
    rule = gap.rule
    assert gap.edge.name == "inside" and rule is not None
    assert (rule.source_name, rule.target, rule.pattern) == (
        "Traversal client",
        "IMP",
        r"imp1-public\.ciscoexample\.com([:;].*)?",
    )
    assert report_of(mended(inside(without="arrow 6"), gap), outside()).passed


def test_without_arrow_3_it_names_that_rule() -> None:
    report = report_of(inside(), outside(without="arrow 3"))
    (gap,) = errors(report)
    assert gap.edge.name == "outside" and gap.rule is not None
    (printed,) = [one for one in outside().plan.dialplan.rules if one.name == "arrow 3"]
    assert replace(gap.rule, name="arrow 3") == printed
    assert gap.losses[0].query.alias.endswith("@msexample.com")


def test_without_arrow_2_nothing_is_known_of_partners_but_that_they_are_not_ours() -> None:
    report = report_of(inside(without="arrow 2"), outside())
    gaps = {gap.edge.name: gap for gap in errors(report)}
    assert list(gaps) == ["inside"]
    assert (gaps["inside"].rule or SearchRule(name="")).target == "Traversal client"
    (told,) = errors(report_of(inside(without="arrow 2"), outside(), partners=("msexample.com",)))
    assert told.losses[0].query.alias.endswith("@msexample.com")
    assert told.rule is not None and told.rule.pattern == r".*@msexample\.com([:;].*)?"


def test_the_route_of_a_partners_edge_is_a_warning() -> None:
    (gap,) = report_of(inside(), outside()).gaps
    assert (gap.level, gap.edge.name) == (GapLevel.WARNING, "inside")
    assert gap.losses[0].query.alias == "sip.msexample.com:5061;transport=tls;lr"
    assert report_of(mended(inside(), gap), outside()).gaps == []


def test_where_nobody_says_the_fqdn_nothing_is_proved() -> None:
    report = report_of(inside(without="arrow 6"), outside(mended=False))
    assert not report.passed and errors(report) == []
    assert report.unproved[0].startswith('NOTIFY to zone "IMP" of inside: the Federation Routing FQDN is not known')


def test_the_fqdn_can_be_told() -> None:
    args = inside(without="arrow 6"), outside(mended=False)
    report = report_of(*args, federation_routing={"IMP": (FQDN,)})
    assert [gap.edge.name for gap in errors(report)] == ["outside", "inside"]
    assert len(errors(report_of(*args, federation_routing={"": (FQDN,)}))) == 2


def test_the_fqdn_can_stand_in_the_zone() -> None:
    zones = with_zone(INNER, "IMP", federation_routing=("other.ciscoexample.com",))
    report = report_of(inside(zones=zones), outside())
    assert {gap.edge.name for gap in errors(report)} == {"inside", "outside"}
    assert "federation_routing in inside" in report.notes[0]


def test_a_name_of_the_nodes_is_the_last_guess() -> None:
    zones = with_zone(INNER, "IMP", peers=(FQDN,))
    report = report_of(inside(without="arrow 6", zones=zones), outside(mended=False))
    assert [gap.edge.name for gap in errors(report)] == ["outside", "inside"]


def test_a_rule_that_takes_the_notify_elsewhere_is_named() -> None:
    thief = rule("thief", "DNS", r"imp1.*", source_zone='"Default Zone"', priority="5")
    outer = outside(extra=thief)
    (gap,) = errors(report_of(inside(), outer))
    assert gap.losses[0].reason == 'rule "thief" sends it to zone "DNS"'
    assert gap.rule is not None and gap.rule.priority == 4
    assert report_of(inside(), mended(outer, gap)).passed


def test_a_transform_on_the_way_is_followed() -> None:
    rename = "\n".join(
        [
            'transform "rename" {',
            "pattern type exact",
            f'pattern "{FQDN}"',
            "behavior replace",
            'replace "elsewhere.example"',
            "}",
            rule("all", "Traversal server", source_zone='"Default Zone"', priority="9"),
        ]
    )
    outer = outside()
    plan = CompiledPlan(outer.plan.dialplan + plan_of(rename).dialplan)
    (gap,) = errors(report_of(inside(), replace(outer, plan=plan)))
    assert gap.edge.name == "inside" and gap.losses[0].query.alias == "elsewhere.example"


def test_notify_that_is_not_authenticated_does_not_meet_a_rule_that_asks_for_it() -> None:
    strict = replace(
        inside(without="arrow 2"),
        plan=CompiledPlan(
            inside(without="arrow 2").plan.dialplan
            + plan_of(
                rule("out", "Traversal client", r".*@msexample\.com", source_zone='"IMP"', authenticated="yes")
            ).dialplan
        ),
    )
    assert errors(report_of(strict, outside()))
    trusted = with_zone(INNER, "IMP", authentication_policy=AuthenticationPolicy.TREAT_AS_AUTHENTICATED)
    assert report_of(replace(strict, zones=trusted), outside()).passed


def test_no_zone_leads_out() -> None:
    zones = tuple(zone for zone in OUTER if zone.name != "DNS")
    report = report_of(inside(), outside(without="arrow 3", zones=zones))
    (gap,) = errors(report)
    assert gap.rule is None and gap.advice == "outside has no zone that leads to partners: add a DNS zone"


def test_mapped_partners_come_in_by_their_dns_zone() -> None:
    zones = with_zone(OUTER, "DNS", inbound_mapping=True)
    (gap,) = errors(report_of(inside(), outside(zones=zones)))
    assert [loss.query.source for loss in gap.losses] == ["DNS", "DNS"]


def test_record_routed_by_both_edges_it_needs_no_rule() -> None:
    inner = with_zone(INNER, "Traversal client", record_route_subscribe=True)
    outer = with_zone(OUTER, "Traversal server", record_route_subscribe=True)
    report = report_of(inside(without="arrow 6", zones=inner), outside(mended=False, zones=outer))
    assert report.passed and report.gaps == []
    assert len(report.subscriptions) == 2


def test_record_routed_by_the_outside_edge_only() -> None:
    """Outward the outside edge follows its token, and the inside edge searches; inward the inside edge sees a Route of
    the outside one, for which it has no rule."""
    outer = with_zone(OUTER, "Traversal server", record_route_subscribe=True)
    report = report_of(inside(), outside(mended=False, zones=outer))
    (gap,) = errors(report)
    assert gap.edge.name == "inside" and gap.rule is None
    assert gap.advice.startswith("only outside record-routes this SUBSCRIBE")
    assert "@203.0.113.1:" in gap.losses[0].query.alias


def test_record_routed_by_the_inside_edge_only() -> None:
    inner = with_zone(INNER, "Traversal client", record_route_subscribe=True)
    report = report_of(inside(zones=inner), outside(zones=OUTER))
    (gap,) = errors(report)
    assert gap.edge.name == "outside" and gap.advice.startswith("only inside record-routes")


def test_parameters_that_are_kept_are_part_of_the_alias() -> None:
    report = report_of(inside(keep_uri_parameters=True), outside(keep_uri_parameters=True))
    lost = {(gap.edge.name, gap.losses[0].query.alias) for gap in errors(report)}
    assert [name for name, alias in lost] == ["inside"]
    assert all(";opaque=user:epid:" in alias for _, alias in lost)


@pytest.mark.parametrize("topology", [Topology.HIDDEN, Topology.B2BUA])
def test_behind_an_outside_edge_that_hides_the_inside_no_rule_is_needed_there(topology: Topology) -> None:
    """The federation guide's plan as printed lacks the rule for the node's name: a hidden zone mends it."""
    outer = with_zone(OUTER, "Traversal server", topology=topology)
    report = report_of(inside(), outside(mended=False, zones=outer))
    assert report.passed and errors(report) == []
    assert not report_of(inside(), outside(mended=False)).passed
    assert any("is hidden: NOTIFY to its sealed Contacts needs no rule there" in note for note in report.notes)


def test_the_inside_edge_still_needs_its_rule() -> None:
    outer = with_zone(OUTER, "Traversal server", topology=Topology.HIDDEN)
    names = {"IMP": ("imp1-public.ciscoexample.com",)}
    (gap,) = errors(report_of(inside(without="arrow 6"), outside(mended=False, zones=outer), federation_routing=names))
    assert gap.edge.name == "inside"


def test_an_inside_edge_that_hides_needs_a_rule_for_its_own_name_outside() -> None:
    inner = with_zone(INNER, "IMP", topology=Topology.HIDDEN)
    (gap,) = errors(report_of(inside(without="arrow 6", zones=inner), outside(zones=OUTER)))
    assert gap.edge.name == "outside" and gap.rule is not None
    assert gap.losses[0].query.alias.startswith("c-")
    mended_outside = mended(outside(zones=OUTER), gap)
    assert report_of(inside(without="arrow 6", zones=inner), mended_outside).passed
