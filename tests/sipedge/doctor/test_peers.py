from __future__ import annotations

from support.settings import make_settings

from sipedge.doctor.peers import ZonePeer, peers_of, services_of
from zones.zone import DnsZone, LookUp, NeighborZone, TlsPolicy, TraversalClientZone, TraversalServerZone

ZONES = (
    NeighborZone(name="IMP", peers=("a.example", "192.0.2.1"), port=5062),
    NeighborZone(name="Plain", peers=("b.example",), transport="TCP", tls=TlsPolicy(verify=False)),
    NeighborZone(name="By service", peers=("c.example",), look_up=LookUp.SERVICE_RECORD, service="_sips._tcp"),
    TraversalClientZone(name="Out", peers=("d.example",), tls=TlsPolicy(subject_names=("x.example",), wildcards=True)),
    TraversalServerZone(name="In"),
    DnsZone(name="World"),
    DnsZone(name="Partner", modify_dns_request="e.example"),
    DnsZone(name="Standard", modify_dns_request="f.example", microsoft_service=""),
)


def test_peers() -> None:
    names = ("a.example", "192.0.2.1")
    assert list(peers_of(make_settings("", ZONES))) == [
        ZonePeer("IMP", "a.example", 5062, True, names, False),
        ZonePeer("IMP", "192.0.2.1", 5062, True, names, False),
        ZonePeer("Plain", "b.example", 5061, False, (), False),
        ZonePeer("Out", "d.example", 7001, True, ("x.example",), True),
    ]


def test_services() -> None:
    assert list(services_of(make_settings("", ZONES))) == [
        ("_sips._tcp", "c.example"),
        ("_sipfederationtls._tcp", "e.example"),
        ("_sips._tcp", "f.example"),
    ]
