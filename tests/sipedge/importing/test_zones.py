from __future__ import annotations

import pytest

from dialplan.importers.expressway import ZoneUse
from dialplan.importers.xconfiguration import read_dump
from dialplan.model import Variables
from sipedge.importing.zones import STAND_IN, Zones, is_peer


def _zones(text: str, tcp: bool = False) -> Zones:
    return Zones(
        read_dump("".join(f"xConfiguration {line}\n" for line in text.strip().splitlines())), tcp, Variables(), {5061}
    )


def _remarks(zones: Zones) -> str:
    return "\n".join(remark.text for remark in zones.remarks)


@pytest.mark.parametrize(
    ("name", "kind", "here"),
    [
        ("LocalZone", ZoneUse.TARGET, "Local Zone"),
        ("Default Subzone", ZoneUse.SOURCE, "Local Zone"),
        ("TraversalSubZone", ZoneUse.SOURCE, "Local Zone"),
        ("DefaultZone", ZoneUse.SOURCE, "Default Zone"),
        ("default zone", ZoneUse.SOURCE, "Default Zone"),
        ("DefaultZone", ZoneUse.TARGET, "DefaultZone"),
        ("a", ZoneUse.TARGET, "A"),
        ("gone", ZoneUse.TARGET, "gone"),
        ("", ZoneUse.TARGET, "no zone"),
        ("a", ZoneUse.POLICY_SERVICE, "a (stand-in)"),
    ],
)
def test_names(name: str, kind: ZoneUse, here: str) -> None:
    zones = _zones("Zones Zone 1 Name: A\nZones Zone 1 Type: DNS")
    assert zones.named(name, kind, 5) == here
    assert zones.named(name, kind, 5) == here
    assert len(zones.zones) == (1 if here in ("A", "Local Zone", "Default Zone") else 2)


def test_names_that_are_not_possible_here() -> None:
    names = ('Name: "a \\"b\\""', "Name: Local Zone", "HopCount: 9")
    zones = _zones(
        "".join(f"Zones Zone {n} {name}\nZones Zone {n} Type: DNS\n" for n, name in enumerate(names, start=1))
    )
    assert [zone.name for zone in zones.zones] == ["a __b__", "Local Zone (zone 2)", "zone 3"]
    assert 'here it is "a __b__"' in _remarks(zones)


def test_a_neighbor_without_peers_and_with_a_bad_port() -> None:
    zones = _zones("Zones Zone 1 Type: Neighbor\nZones Zone 1 Neighbor SIP Port: 99999")
    (zone,) = zones.zones
    assert (zone.keys["peers"], zone.keys["port"]) == ([STAND_IN], 5061)
    assert 'SIP Port: "99999" is no port; 5061 is taken' in _remarks(zones)
    assert "no peer; no-equal.invalid stands in" in _remarks(zones)


def test_traversal_servers_without_ports_and_names() -> None:
    zones = _zones(
        "Zones Zone 1 Type: TraversalServer\nZones Zone 2 Type: TraversalServer\n"
        "Zones Zone 2 TraversalServer SIP TLS Verify Mode: On"
    )
    assert [zone.keys["port"] for zone in zones.zones] == [7001, 7002]
    assert [zone.keys["username"] for zone in zones.zones] == ["zone 1", "zone 2"]
    assert zones.zones[1].tls == {"verify": False}
    assert "is on without a subject name" in _remarks(zones)


@pytest.mark.parametrize(
    ("transport", "tcp", "keys"),
    [
        ("UDP", True, {"transport": "TCP", "fallback_transport": "TCP"}),
        ("TLS", True, {"transport": "TCP", "fallback_transport": "TLS"}),
        ("TCP", False, {}),
    ],
)
def test_transports_of_a_dns_zone(transport: str, tcp: bool, keys: dict[str, str]) -> None:
    zones = _zones(f"Zones Zone 1 Type: DNS\nZones Zone 1 DNS SIP Default Transport: {transport}", tcp)
    (zone,) = zones.zones
    assert {key: value for key, value in zone.keys.items() if "transport" in key} == keys
    assert ("SIP Default Transport" in _remarks(zones)) is (transport != "TLS")


def test_values_that_edge_toml_does_not_take() -> None:
    zones = _zones(
        "Zones Zone 1 Type: TraversalServer\nZones Zone 1 HopCount: 256\nZones Zone 1 TraversalServer SIP Port: 5061\n"
        "Zones Zone 1 TraversalServer SIP TLS Verify Subject Name: *.x\n"
        "Zones Zone 2 Type: DNS\nZones Zone 2 DNS SIP DnsOverride Override: On\n"
        "Zones Zone 2 DNS SIP DnsOverride Name: -1"
    )
    first, second = zones.zones
    assert (first.keys["port"], first.tls) == (7001, {"verify": False})
    assert "hop_count" not in first.keys
    assert "modify_dns_request" not in second.keys
    for said in (
        "HopCount: ",
        "SIP Port: 5061 is taken; here it is 7001",
        '"*.x" is neither',
        '"-1" is no domain name',
    ):
        assert said in _remarks(zones)


def test_inbound_mapping_needs_a_name() -> None:
    zones = _zones("Zones Zone 1 Type: DNS\nZones Zone 1 DNS SIP TLS Verify InboundClassification: On")
    assert "inbound_mapping" not in zones.zones[0].keys
    assert "is on without a subject name; left off" in _remarks(zones)


def test_peers() -> None:
    assert is_peer("sip.example.com") and is_peer("192.0.2.1") and is_peer("2001:db8::1")
    assert not any(map(is_peer, ("", "a b", "a..b", "x" * 129, "*.example.com")))
