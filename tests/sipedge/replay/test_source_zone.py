from __future__ import annotations

import pytest
from support.messages import request
from support.settings import EDGE, INSIDE_PEER, OUTSIDE_PEER, ZONES, make_settings
from support.traces import STRANGER, record

from sipedge.decision.installation import Installation
from sipedge.replay.source_zone import SourceZones
from sipedge.settings import Listener
from sipedge.traces.records.record import Direction, Endpoint
from zones.zone import DEFAULT_ZONE, DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

TRAVERSAL = TraversalServerZone(name="From inside", port=7001)
CLIENT = TraversalClientZone(name="To outside", peers=("203.0.113.9", "edge.outside.example"), port=7001)
NAMED = NeighborZone(name="Named", peers=("sip.named.example",))
LISTENERS = (Listener("sip", EDGE, 5061), Listener("traversal", EDGE, 7001, zone="From inside"))
INSTALLATION = Installation(make_settings(zones=(*ZONES, TRAVERSAL, CLIENT, NAMED), listeners=LISTENERS), {})


def zone(source: Endpoint | None, port: int = 5061, transport: str = "tls", **said: str) -> str:
    zones = SourceZones(INSTALLATION, {address.replace("_", "."): name for address, name in said.items()})
    message = request(via="SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bK1")
    return zones.of(record(message, source=source, destination=Endpoint(EDGE, port), transport=transport), message)


@pytest.mark.parametrize("transport", ["tls", "tcp", "udp", ""])
def test_neighbours_are_known_by_address_whatever_certificate_they_had(transport: str) -> None:
    assert zone(Endpoint(INSIDE_PEER, 40_000), transport=transport) == "Inside"
    assert zone(Endpoint(f"::ffff:{OUTSIDE_PEER}", 1), transport=transport) == "Outside"


def test_strangers_are_of_the_default_zone() -> None:
    assert zone(Endpoint(STRANGER, 1)) == DEFAULT_ZONE
    assert zone(Endpoint("somebody", None)) == DEFAULT_ZONE


def test_the_port_of_a_traversal_server_zone_decides() -> None:
    assert zone(Endpoint(STRANGER, 1), 7001) == "From inside"


def test_connections_to_a_traversal_server_are_known_by_its_port() -> None:
    assert zone(Endpoint("203.0.113.9", 7001)) == "To outside"
    assert zone(Endpoint("EDGE.outside.example", 7001)) == "To outside"
    assert zone(Endpoint("203.0.113.9", 7002)) == DEFAULT_ZONE


def test_host_names_of_a_log_are_those_of_neighbours() -> None:
    assert zone(Endpoint("SIP.named.example", 5061)) == "Named"


def test_what_a_person_says_comes_first() -> None:
    said = {"192.0.2.10": "Outside", "[2001:db8::1]:5061": "Inside", "fe01": "Inside"}
    zones = SourceZones(INSTALLATION, said)
    for host, port, expected in [
        (INSIDE_PEER, 1, "Outside"),
        ("2001:db8::1", 5061, "Inside"),
        ("2001:db8::1", 5062, DEFAULT_ZONE),
        ("FE01", None, "Inside"),
    ]:
        assert zones.of(record(source=Endpoint(host, port)), request()) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [("Mapped", "Mapped"), ("From inside", "From inside"), ("DNS", DEFAULT_ZONE), ("Gone", DEFAULT_ZONE)],
)
def test_a_certificate_is_known_from_the_log_of_the_edge_only(named: str, expected: str) -> None:
    zones = (*ZONES, TRAVERSAL, DnsZone(name="Mapped", inbound_mapping=True), DnsZone(name="DNS"))
    sources = SourceZones(Installation(make_settings(zones=zones), {}), {})
    stranger = Endpoint(STRANGER, 1)
    assert sources.of(record(source=stranger, zone=named), request()) == expected
    assert sources.of(record(source=stranger, zone=named, direction=Direction.SENT), request()) == DEFAULT_ZONE
    assert sources.of(record(zone=named), request()) == "Inside"


@pytest.mark.parametrize(
    ("named", "expected"), [("Named", "Named"), ("To outside", "To outside"), ("Outside", DEFAULT_ZONE)]
)
def test_the_edges_own_log_names_zones_whose_peers_are_names(named: str, expected: str) -> None:
    sources = SourceZones(INSTALLATION, {})
    stranger = record(source=Endpoint(STRANGER, 1), zone=named)
    assert sources.of(stranger, request()) == expected
    assert sources.untold == ("To outside", "Named")


def test_on_loopback_a_connection_of_the_edges_own_has_the_address_of_a_neighbour() -> None:
    ours = record(source=Endpoint(INSIDE_PEER, 7001), zone="To outside")
    assert SourceZones(INSTALLATION, {}).of(ours, request()) == "To outside"
    assert SourceZones(INSTALLATION, {INSIDE_PEER: "Inside"}).of(ours, request()) == "Inside"


def test_names_resolve_as_a_person_says() -> None:
    names = {"sip.named.EXAMPLE": ["203.0.113.5", "2001:db8::5"], "edge.outside.example": ["203.0.113.6"]}
    sources = SourceZones(INSTALLATION, {}, names)
    for host, port, expected in [
        ("203.0.113.5", 1, "Named"),
        ("2001:DB8::5", 1, "Named"),
        ("203.0.113.6", 7001, "To outside"),
        ("203.0.113.6", 7002, DEFAULT_ZONE),
    ]:
        assert sources.of(record(source=Endpoint(host, port)), request()) == expected
    assert sources.untold == ()


def test_without_an_address_the_via_says_who_sent_it() -> None:
    assert zone(None) == "Inside"
    nobody = request(via="nonsense")
    assert SourceZones(INSTALLATION, {}).of(record(nobody, source=None), nobody) == DEFAULT_ZONE
