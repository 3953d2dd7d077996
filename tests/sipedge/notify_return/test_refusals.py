"""A NOTIFY whose From the zone it comes from refuses is lost, whatever the rules and signed Routes say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.federation_plan import INNER, OUTER, inside, outside, report_of
from support.settings import with_zone

from sipedge.notify_return import LinkReport
from zones.zone import DefaultZone, FromDomain

LIST = {"from_domain": FromDomain.LIST, "from_domains": ("else.example",)}


def lost(report: LinkReport) -> list[tuple[str, str, str, str]]:
    return [(one.edge.name, one.zone, one.domain, one.reason) for one in report.refused]


def test_by_default_every_partner_may_answer() -> None:
    report = report_of(inside(), outside())
    assert report.passed and report.refused == []


def test_a_partner_that_is_not_on_the_list_cannot_answer() -> None:
    closed = DefaultZone(**LIST)  # type: ignore[arg-type]
    report = report_of(inside(), outside(zones=(*OUTER, closed)))
    reason = "403 From names msexample.com, which is not agreed for this peer (from_domains)"
    assert not report.passed
    assert lost(report) == [("outside", "Default Zone", "msexample.com", reason)]
    data = report.to_json()["refused"]
    assert [one["reason"] for one in data] == [reason] and data[0]["subscribe"]["from"] == "IMP"
    listed = replace(closed, from_domains=("msexample.com",))
    assert report_of(inside(), outside(zones=(*OUTER, listed))).passed


def test_partners_named_on_the_command_line_are_asked() -> None:
    closed = DefaultZone(**LIST)  # type: ignore[arg-type]
    report = report_of(inside(), outside(zones=(*OUTER, closed)), partners=("else.example", "third.example"))
    assert [one.domain for one in report.refused] == ["third.example"]


@pytest.mark.slow
def test_where_nobody_names_partners_the_one_that_was_found_is_asked() -> None:
    closed = DefaultZone(**LIST)  # type: ignore[arg-type]
    report = report_of(inside(without="arrow 2"), outside(zones=(*OUTER, closed)))
    assert all("." in one.domain for one in report.refused)


def test_the_own_node_must_be_allowed_to_write_own_domains() -> None:
    zones = with_zone(INNER, "IMP", **LIST)
    report = report_of(inside(zones=zones), outside())
    reason = "403 From names ciscoexample.com, which is not agreed for this peer (from_domains)"
    assert ("inside", "IMP", "ciscoexample.com", reason) in lost(report)


def test_a_signed_route_does_not_help() -> None:
    routed = {"record_route_subscribe": True}
    inner = inside(zones=with_zone(INNER, "Traversal client", **routed))
    outer = with_zone(OUTER, "Traversal server", **routed)
    closed = DefaultZone(**LIST)  # type: ignore[arg-type]
    assert report_of(inner, outside(zones=outer)).passed
    assert lost(report_of(inner, outside(zones=(*outer, closed))))[0][2] == "msexample.com"
