from __future__ import annotations

from typing import Any

import pytest

from zones.key_usage import CLIENT_AUTH, SERVER_AUTH
from zones.table import Egress, Ingress, ZoneTable, comes_back_by, expected_names
from zones.zone import (
    AccessAction,
    AccessRule,
    AnyZone,
    DefaultZone,
    DnsZone,
    ExtendedKeyUsage,
    Hop,
    LookUp,
    NeighborZone,
    TlsPolicy,
    TraversalClientZone,
    TraversalServerZone,
)

IMP = NeighborZone(name="IMP", peers=("192.0.2.1", "imp.uc.local"), tls=TlsPolicy(subject_names=("imp.uc.local",)))
EDGE = TraversalServerZone(name="Traversal", tls=TlsPolicy(subject_names=("expc.uc.local",)))
MAPPED = DnsZone(name="Partners", inbound_mapping=True, tls=TlsPolicy(subject_names=("sip.partner.example",)))


def ingress(zones: list[AnyZone], **given: Any) -> Ingress:
    return ask(ZoneTable(zones), **given)


def ask(table: ZoneTable, names: str = "", **given: Any) -> Ingress:
    given = {
        "listener_zone": "",
        "transport": "TLS",
        "peer_address": "198.51.100.9",
        "names": tuple(names.split()),
        "has_certificate": bool(names),
    } | given
    return table.ingress(**given)


def test_zones_are_found_by_name_and_the_default_zone_is_always_there() -> None:
    table = ZoneTable([IMP])
    assert table["IMP"] is IMP and table.get("nobody") is None
    assert [zone.name for zone in table] == ["IMP", "Default Zone"]
    with pytest.raises(KeyError):
        table["nobody"]


@pytest.mark.parametrize("zones", [[IMP, IMP], [NeighborZone(name="Default Zone")]])
def test_names_that_cannot_be(zones: list[AnyZone]) -> None:
    with pytest.raises(ValueError, match="IMP|Default Zone"):
        ZoneTable(zones)


@pytest.mark.parametrize(
    ("zone", "names"),
    [
        (IMP, ("imp.uc.local",)),
        (NeighborZone(name="N", peers=("a.example", "192.0.2.1")), ("a.example", "192.0.2.1")),
        (NeighborZone(name="N", peers=("example.com",), look_up=LookUp.SERVICE_RECORD), ("example.com",)),
        (TraversalClientZone(name="T", peers=("expe.example",)), ("expe.example",)),
        (EDGE, ("expc.uc.local",)),
        (TraversalServerZone(name="T"), ()),
        (DnsZone(name="D"), ()),
    ],
)
def test_names_that_a_zone_expects(zone: AnyZone, names: tuple[str, ...]) -> None:
    assert expected_names(zone) == names


def test_the_port_of_a_traversal_zone_decides_before_any_address() -> None:
    found = ingress([IMP, EDGE], listener_zone="Traversal", peer_address="192.0.2.1", names="expc.uc.local")
    assert found == Ingress("Traversal")


def test_a_traversal_client_needs_the_subject_name() -> None:
    found = ingress([EDGE], listener_zone="Traversal", names="other.uc.local")
    assert found.refused == 'zone "Traversal": the certificate presents other.uc.local; expected expc.uc.local'


def test_a_traversal_zone_that_verifies_but_names_nobody_lets_nobody_in() -> None:
    zone = TraversalServerZone(name="T")
    assert ingress([zone], listener_zone="T", names="a.example").refused
    assert not ingress([TraversalServerZone(name="T", tls=TlsPolicy(verify=False))], listener_zone="T").refused


def test_tcp_on_a_traversal_port_only_where_the_zone_asks_for_it() -> None:
    assert "TLS is expected" in ingress([EDGE], listener_zone="Traversal", transport="TCP").refused
    zone = TraversalServerZone(name="T", transport="TCP")
    assert ingress([zone], listener_zone="T", transport="TCP") == Ingress("T")


def test_a_listener_of_no_traversal_zone_is_refused() -> None:
    assert ingress([IMP], listener_zone="IMP", names="imp.uc.local").refused
    assert ingress([IMP], listener_zone="gone", names="imp.uc.local").refused


def test_a_neighbour_by_its_configured_address_and_name() -> None:
    assert ingress([IMP], peer_address="192.0.2.1", names="imp.uc.local") == Ingress("IMP")
    assert ingress([IMP], peer_address="::ffff:192.0.2.1", names="imp.uc.local") == Ingress("IMP")


def test_a_neighbours_address_with_another_name_is_refused_not_a_stranger() -> None:
    found = ingress([IMP, MAPPED], peer_address="192.0.2.1", names="sip.partner.example")
    assert found.zone == "IMP"
    assert found.refused == (
        'zone "IMP": the certificate presents sip.partner.example; expected imp.uc.local (peer address 192.0.2.1)'
    )


def test_addresses_that_names_resolve_to_come_and_go() -> None:
    table = ZoneTable([IMP])
    assert ask(table, "imp.uc.local", peer_address="192.0.2.77").zone == "Default Zone"
    table.set_addresses("IMP", ["192.0.2.77", "2001:DB8::0:1", "nonsense"])
    assert ask(table, "imp.uc.local", peer_address="192.0.2.77").zone == "IMP"
    assert ask(table, "imp.uc.local", peer_address="2001:db8::1").zone == "IMP"
    table.set_addresses("IMP", [])
    assert ask(table, "imp.uc.local", peer_address="192.0.2.77").zone == "Default Zone"
    assert ask(table, "imp.uc.local", peer_address="192.0.2.1").zone == "IMP"


def test_the_addresses_of_a_zone_are_bounded() -> None:
    table = ZoneTable([IMP])
    table.set_addresses("IMP", [f"10.0.{i // 250}.{i % 250}" for i in range(1000)])
    assert ask(table, "x.example", peer_address="10.0.0.1").zone == "IMP"
    assert ask(table, "x.example", peer_address="10.0.3.1").zone == "Default Zone"


def test_neighbours_that_share_an_address_are_told_apart_by_name() -> None:
    one = NeighborZone(name="One", peers=("192.0.2.1",), tls=TlsPolicy(subject_names=("one.example",)))
    two = NeighborZone(name="Two", peers=("192.0.2.1",), tls=TlsPolicy(subject_names=("two.example",)))
    lax = NeighborZone(name="Lax", peers=("192.0.2.1",), tls=TlsPolicy(verify=False))
    zones: list[AnyZone] = [lax, one, two]
    assert ingress(zones, peer_address="192.0.2.1", names="two.example").zone == "Two"
    assert ingress(zones, peer_address="192.0.2.1", names="one.example").zone == "One"
    assert ingress(zones, peer_address="192.0.2.1", names="three.example") == Ingress("Lax")
    refused = ingress([one, two], peer_address="192.0.2.1", names="three.example").refused
    assert "one.example" in refused and "two.example" in refused


def test_tcp_from_a_neighbours_address_only_where_the_zone_asks_for_it() -> None:
    assert "TLS is expected" in ingress([IMP], peer_address="192.0.2.1", transport="TCP").refused
    plain = NeighborZone(name="Plain", peers=("192.0.2.1",), transport="TCP")
    assert ingress([IMP, plain], peer_address="192.0.2.1", transport="TCP") == Ingress("Plain")


def test_a_neighbour_without_a_certificate_is_refused() -> None:
    assert "presents none" in ingress([IMP], peer_address="192.0.2.1").refused


def test_a_wildcard_only_where_the_zone_allows_it() -> None:
    for wildcards in (False, True):
        tls = TlsPolicy(subject_names=("imp.uc.local",), wildcards=wildcards)
        zone = NeighborZone(name="N", peers=("192.0.2.1",), tls=tls)
        assert (ingress([zone], peer_address="192.0.2.1", names="*.uc.local").refused == "") is wildcards


# DNS zones and the Default Zone


def test_a_certificate_may_belong_to_a_dns_zone() -> None:
    assert ingress([MAPPED], names="sip.partner.example") == Ingress("Partners")
    assert ingress([MAPPED], names="sip.other.example") == Ingress("Default Zone")


def test_no_mapping_when_it_is_off_or_names_nobody() -> None:
    off = DnsZone(name="D", tls=TlsPolicy(subject_names=("sip.partner.example",)))
    empty = DnsZone(name="E", inbound_mapping=True)
    assert ingress([off, empty], names="sip.partner.example") == Ingress("Default Zone")


def test_names_count_for_nothing_over_tcp() -> None:
    default = DefaultZone(transport="TCP")
    assert ingress([MAPPED, default], transport="TCP", names="sip.partner.example") == Ingress("Default Zone")


def test_a_stranger_needs_a_certificate_unless_the_zone_says_otherwise() -> None:
    assert "no certificate" in ingress([]).refused
    assert ingress([DefaultZone(mutual_tls=False)]) == Ingress("Default Zone")


def test_a_stranger_over_tcp_is_refused_unless_the_zone_asks_for_it() -> None:
    assert "TLS is expected" in ingress([], transport="TCP").refused
    assert ingress([DefaultZone(transport="TCP")], transport="TCP") == Ingress("Default Zone")


def test_access_rules() -> None:
    rules = (
        AccessRule("no bad", 1, lambda name: name == "bad.example", AccessAction.DENY),
        AccessRule("all example", 2, lambda name: name.endswith(".example"), AccessAction.ALLOW),
    )
    zones: list[AnyZone] = [DefaultZone(access_rules=rules, transport="TCP")]
    assert ingress(zones, names="good.example") == Ingress("Default Zone")
    denied = ingress(zones, names="bad.example").refused
    assert denied == 'zone "Default Zone": access rule "no bad" denies the names presented: bad.example'
    denied = ingress(zones, names="x.test y.test").refused
    assert denied == 'zone "Default Zone": no access rule allows the names presented: x.test, y.test'
    assert ingress(zones, transport="TCP").refused


@pytest.mark.parametrize(
    ("policy", "refused", "warned"),
    [
        (ExtendedKeyUsage.STRICT, True, False),
        (ExtendedKeyUsage.WARN, False, True),
        (ExtendedKeyUsage.OFF, False, False),
    ],
)
def test_key_usage_by_the_policy_of_the_zone(policy: ExtendedKeyUsage, refused: bool, warned: bool) -> None:
    zone = NeighborZone(
        name="N", peers=("192.0.2.1",), tls=TlsPolicy(subject_names=("n.example",), extended_key_usage=policy)
    )
    table = ZoneTable([zone])
    found = ask(table, "n.example", peer_address="192.0.2.1", usages=frozenset({SERVER_AUTH}))
    assert (bool(found.refused), bool(found.warning)) == (refused, warned)
    found = ask(table, "n.example", peer_address="192.0.2.1", usages=frozenset({CLIENT_AUTH}))
    assert found == Ingress("N")
    hop = Hop("N", name="n.example")
    left = table.egress(hop, ("n.example",), frozenset({CLIENT_AUTH}))
    assert (bool(left.refused), bool(left.warning)) == (refused, warned)


def test_key_usage_without_a_certificate_is_nobodys() -> None:
    assert ingress([DefaultZone(mutual_tls=False)], usages=frozenset()) == Ingress("Default Zone")


def test_a_connection_of_ours_must_reach_the_name_of_its_hop() -> None:
    table = ZoneTable([DnsZone(name="D")])
    hop = Hop("D", name="sip.example.com")
    assert table.egress(hop, ("sip.example.com",)) == Egress()
    refused = table.egress(hop, ("sip.evil.example",)).refused
    assert refused == 'zone "D": the certificate presents sip.evil.example; expected sip.example.com'


def test_subject_names_win_over_the_name_of_the_hop() -> None:
    table = ZoneTable([DnsZone(name="D", tls=TlsPolicy(subject_names=("a.example", "b.example")))])
    assert not table.egress(Hop("D", name="a.example"), ("b.example",)).refused
    assert table.egress(Hop("D", name="sip.example.com"), ("sip.example.com",)).refused


def test_a_zone_that_verifies_needs_a_name_and_one_that_does_not_needs_none() -> None:
    table = ZoneTable([DnsZone(name="D"), DnsZone(name="L", tls=TlsPolicy(verify=False))])
    assert table.egress(Hop("D"), ("a.example",)).refused
    assert not table.egress(Hop("L"), ()).refused
    with pytest.raises(KeyError):
        table.egress(Hop("gone"), ())


def test_what_leaves_by_dns_comes_back_through_the_default_zone() -> None:
    assert comes_back_by(DnsZone(name="DNS")) == "Default Zone"
    assert comes_back_by(DnsZone(name="DNS", inbound_mapping=True)) == "DNS"
    assert comes_back_by(TraversalServerZone(name="Inside")) == "Inside"
