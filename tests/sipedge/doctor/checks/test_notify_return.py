from __future__ import annotations

from typing import Any

from support.settings import make_settings, rule

from sipedge.doctor.checks.notify_return import check_notify_return, outgoing_zones
from sipedge.doctor.checks.result import CheckVerdict
from zones.zone import AnyZone, DefaultZone, DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

NAME = "imp1-public.ours.example"
PARTNER = "theirs.example"
IMP = NeighborZone(name="IMP", peers=("192.0.2.1",))
INSIDE = TraversalServerZone(name="Inside")
OUTSIDE = TraversalClientZone(name="Outside", peers=("192.0.2.2",))
MICROSOFT = DnsZone(name="Microsoft")
TO_IMP = rule("back", "IMP", rf".*{NAME}.*", source_zone='"Outside"')
TO_PARTNER = rule("there", "Outside", rf".*@{PARTNER}", source_zone='"IMP"')
OUT = rule("out", "Microsoft", source_zone='"Inside"')
IN = rule("in", "Inside", rf".*{NAME}.*", source_zone='"Default Zone"')


def way(rules: str, zones: tuple[AnyZone, ...], *partners: str, **fields: Any) -> list[tuple[str, CheckVerdict, str]]:
    results = check_notify_return(make_settings(rules, zones, **fields), NAME, partners)
    return [(one.subject, one.verdict, one.seen) for one in results]


def test_inside_edge() -> None:
    found = way(TO_PARTNER + TO_IMP, (IMP, OUTSIDE), PARTNER)
    assert found == [('from zone "Outside"', CheckVerdict.OK, f'{NAME}: rule "back" to zone "IMP"')]


def test_inside_edge_without_the_rule() -> None:
    ((subject, verdict, seen),) = way(TO_PARTNER, (IMP, OUTSIDE), PARTNER)
    assert verdict is CheckVerdict.FAILED and "404" in seen and subject == 'from zone "Outside"'


def test_outside_edge_gets_it_by_the_default_zone() -> None:
    zones = (INSIDE, MICROSOFT, DefaultZone())
    assert way(OUT + IN, zones, PARTNER)[0][:2] == ('from zone "Default Zone"', CheckVerdict.OK)
    assert way(OUT, zones, PARTNER)[0][:2] == ('from zone "Default Zone"', CheckVerdict.FAILED)


def test_inbound_mapping_brings_it_by_the_dns_zone() -> None:
    mapped = DnsZone(name="Microsoft", inbound_mapping=True)
    ((subject, verdict, _),) = way(OUT + IN, (INSIDE, mapped), PARTNER)
    assert (subject, verdict) == ('from zone "Microsoft"', CheckVerdict.FAILED)


def test_rule_that_leads_back_where_it_came_from_is_no_way() -> None:
    rules = TO_PARTNER + rule("turn", "Outside", rf".*{NAME}.*", source_zone='"Outside"')
    assert way(rules, (IMP, OUTSIDE), PARTNER)[0][1] is CheckVerdict.FAILED


def test_without_partners_the_kind_of_zones_tells() -> None:
    assert outgoing_zones(make_settings("", (INSIDE, MICROSOFT)), ()) == [MICROSOFT]
    assert outgoing_zones(make_settings("", (IMP, OUTSIDE)), ()) == [OUTSIDE]
    assert outgoing_zones(make_settings("", (INSIDE,)), ()) == [INSIDE]


def test_record_routed_subscribe_needs_no_rule() -> None:
    routes = TraversalClientZone(name="Outside", peers=("192.0.2.2",), record_route_subscribe=True)
    ((_, verdict, seen),) = way(TO_PARTNER, (IMP, routes), PARTNER)
    assert verdict is CheckVerdict.OK and "record-routed" in seen


def test_no_zone_leads_to_partners() -> None:
    ((subject, verdict, seen),) = way("", (IMP,))
    assert verdict is CheckVerdict.FAILED and "no zone leads to partners" in seen


def test_alias_with_parameters_where_the_edge_keeps_them() -> None:
    found = way(TO_PARTNER + TO_IMP, (IMP, OUTSIDE), PARTNER, keep_uri_parameters=True)
    assert found[0][2].startswith(f"{NAME}:5061;transport=tls: ")
