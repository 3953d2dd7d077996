"""Addresses and ports that the DNS gives and nobody connects to."""

from __future__ import annotations

from support.name_server import NameServer, a, srv

from zones.addresses import ANYWHERE
from zones.dns import Resolution, resolve_uri
from zones.zone import DnsZone, NeighborZone

TLS_ZONE = DnsZone(name="D")


def zero() -> float:
    return 0.0


def uri(zone: DnsZone, host: str, port: int | None = None) -> Resolution:
    return resolve_uri(zone, host, port, None, microsoft=False, random=zero)


def test_addresses_that_lead_back_here_are_dropped() -> None:
    names = NameServer({"a.example A": a("127.0.0.1", "0.0.0.0", "192.0.2.1"), "a.example AAAA": a("::1", "::")})
    resolution = names.run(uri(TLS_ZONE, "a.example", 5061))
    assert [hop.address for hop in resolution.hops] == ["192.0.2.1"]
    names = NameServer({"a.example A": a("127.0.0.1")})
    resolution = names.run(uri(TLS_ZONE, "a.example", 5061))
    assert "an address there is not to be connected to" in resolution.problem and "127" not in resolution.problem
    (refused,) = resolution.refused
    assert "a.example leads to '127.0.0.1', an address of this host" in refused and "allow_loopback" in refused


def test_private_addresses_only_where_the_zone_allows_them() -> None:
    names = NameServer({"a.example A": a("10.0.0.1", "192.0.2.1"), "a.example AAAA": a("fd00::1", "64:ff9b::a00:1")})
    assert [hop.address for hop in names.run(uri(TLS_ZONE, "a.example", 5061)).hops] == ["192.0.2.1"]
    private = DnsZone(name="D", allow_private=True)
    assert [hop.address for hop in names.run(uri(private, "a.example", 5061)).hops] == [
        *("10.0.0.1", "192.0.2.1", "fd00::1", "64:ff9b::a00:1")
    ]
    assert uri(TLS_ZONE, "10.0.0.1", 5061).hops == () and len(uri(private, "10.0.0.1", 5061).hops) == 1
    configured = Resolution(NeighborZone(name="N"), "10.0.0.1", 25, random=zero, allowed=ANYWHERE)
    assert [hop.port for hop in configured.hops] == [25]


def test_ports_of_other_services_are_not_connected_to() -> None:
    names = NameServer(
        {
            "_sips._tcp.example.com SRV": srv((0, 0, 25, "a.example"), (1, 0, 443, "a.example")),
            "a.example A": a("192.0.2.1"),
        }
    )
    resolution = names.run(uri(TLS_ZONE, "example.com"))
    assert [hop.port for hop in resolution.hops] == [443]
    assert resolution.refused == [
        "SRV _sips._tcp.example.com names a.example:25, a port of another service: not connected to"
    ]
    for host in ("a.example", "192.0.2.1"):
        literal = names.run(uri(TLS_ZONE, host, 22))
        assert literal.hops == () and "port of another service" in literal.refused[0]
