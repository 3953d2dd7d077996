from __future__ import annotations

import pytest
from support.federation_plan import FQDN, INNER, inside, outside
from support.settings import rule, with_zone

from sipedge.notify_return import GivenNames, TraversalLink, edges_of, links_of
from sipedge.notify_return.targets import (
    Names,
    node_names,
    notifies_to_node,
    notifies_to_partners,
    notify_to_edge,
    partner_names,
)
from sipedge.settings import Settings


def link_of(inner: Settings, outer: Settings) -> TraversalLink:
    (link,), _ = links_of(edges_of([("in", inner), ("out", outer)]))
    return link


def test_the_fqdn_is_taken_from_rules_without_a_user_part() -> None:
    assert node_names(link_of(inside(), outside(mended=False)), "IMP", GivenNames()) == Names(
        (FQDN,), 'taken from rules for hosts without a user part: "arrow 6"'
    )
    there = node_names(link_of(inside("arrow 6"), outside()), "IMP", GivenNames())
    assert there == Names((FQDN,), 'taken from rules for hosts without a user part: "FQDN"')


def test_a_rule_for_everything_names_nobody() -> None:
    everything = rule("all", "IMP", ".*", source_zone='"Traversal client"')
    assert (
        node_names(link_of(inside("arrow 6", extra=everything), outside(mended=False)), "IMP", GivenNames()).names == ()
    )


def test_what_is_told_comes_first() -> None:
    zones = with_zone(INNER, "IMP", federation_routing=("zone.example",), peers=("peer.example", "192.0.2.1"))
    link = link_of(inside("arrow 6", zones=zones), outside(mended=False))
    assert node_names(link, "IMP", GivenNames({"IMP": ("a.example",), "": ("b.example",)})).names == ("a.example",)
    assert node_names(link, "IMP", GivenNames({"": ("b.example",)})).names == ("b.example",)
    assert node_names(link, "IMP", GivenNames()).names == ("zone.example",)
    zones = with_zone(zones, "IMP", federation_routing=())
    link = link_of(inside("arrow 6", zones=zones), outside(mended=False))
    assert node_names(link, "IMP", GivenNames()).names == ("peer.example",)


def test_partners_are_whom_outward_rules_name() -> None:
    link = link_of(inside(), outside())
    assert partner_names(link, GivenNames()).names == ("msexample.com",)
    assert partner_names(link, GivenNames(partners=("x.example",))).names == ("x.example",)
    assert partner_names(link_of(inside("arrow 2"), outside()), GivenNames()).names == ()
    own = rule("own", "Traversal client", r".*@ciscoexample\.com", source_zone='"IMP"')
    assert partner_names(link_of(inside("arrow 2", extra=own), outside()), GivenNames()).names == ()
    two = rule("two", "Traversal client", r".*@(a\.example|b\.example)", source_zone='"IMP"')
    part = rule("part", "Traversal client", r".*@nodot.*", source_zone='"IMP"')
    extra = link_of(inside(extra=two + part), outside())
    assert partner_names(extra, GivenNames()).names == ("msexample.com", "a.example", "b.example")


@pytest.mark.parametrize("keep", [False, True])
def test_the_aliases_of_a_notify(keep: bool) -> None:
    (edge,) = edges_of([("in", inside(keep_uri_parameters=keep))])
    contact, route = notifies_to_node(Names((FQDN,), ""))
    assert ((FQDN in contact.aliases(edge)), (f"{FQDN}:5061;transport=TLS" in contact.aliases(edge))) == (
        not keep,
        keep,
    )
    assert f"{FQDN}:5061;transport=tls;lr" in route.aliases(edge) and not route.certain
    user, _ = notifies_to_partners(Names(("p.example",), ""), ())
    assert "juliet.o'x%40@p.example" in user.aliases(edge)
    assert ("j@p.example;opaque=user:epid:Qm-_;gruu" in user.aliases(edge)) is keep
    assert "j@pxexample" not in user.aliases(edge)


def test_anybody_is_no_one_of_ours() -> None:
    (edge,) = edges_of([("in", inside())])
    (anybody,) = notifies_to_partners(Names((), ""), ("ciscoexample.com",))
    assert "a@p.example" in anybody.aliases(edge) and "a@ciscoexample.com" not in anybody.aliases(edge)
    assert "a@uk.ciscoexample.com" in anybody.aliases(edge)


def test_the_route_of_an_edge() -> None:
    (edge,) = edges_of([("in", inside())])
    notify = notify_to_edge(edge, "Traversal client")
    assert "e-" + "x" * 48 + "@10.0.0.20:5061;transport=tls;lr" in notify.aliases(edge)
