from __future__ import annotations

from support.settings import make_settings

from sipedge.doctor.installation import options_of, options_of_domain, options_of_zone, presented
from sipedge.settings import Certificate, DnsSettings, DoctorSettings, Tls
from zones.addresses import Allowed
from zones.zone import DefaultZone, DnsZone, NeighborZone

SERVER, CLIENT = Certificate("server.pem", "server.key"), Certificate("client.pem", "client.key")


IMP = NeighborZone(name="IMP", peers=("imp.example",), federation_routing=("imp1-public.inside.example",))


def test_everything_that_a_configuration_knows() -> None:
    settings = make_settings(
        "",
        (IMP, DnsZone(name="Out")),
        tls=Tls((SERVER,), CLIENT, "trusted.pem"),
        dns=DnsSettings(("192.0.2.53",)),
        doctor=DoctorSettings(60, ("partner.example",), ("imp2-public.inside.example",), ("192.0.2.54",)),
    )
    options = options_of(settings)
    assert options.domains == ("inside.example", "partner.example") and options.own_domains == ("inside.example",)
    assert options.routing_names == ("imp2-public.inside.example", "imp1-public.inside.example")
    assert (options.dns.servers, options.inside_dns) == (("192.0.2.53",), DnsSettings(("192.0.2.54",)))
    assert (options.trusted, options.client, options.settings) == ("trusted.pem", CLIENT, settings)
    assert options.faces_partners and not options.allowed.loopback


def test_inside_edge_leaves_its_domains_to_the_outside_edge() -> None:
    options = options_of(make_settings("", (IMP,), doctor=DoctorSettings(partners=("partner.example",))))
    assert options.domains == ("partner.example",) and options.own_domains == ("inside.example",)
    assert not options.faces_partners


def test_the_server_certificate_is_presented_where_there_is_no_other() -> None:
    assert presented(make_settings("", (), tls=Tls((SERVER,)))) == SERVER
    assert presented(make_settings("", ())) is None


def test_loopback_only_where_a_zone_allows_it() -> None:
    for zone in (DnsZone(name="Out", allow_loopback=True), DefaultZone(allow_loopback=True)):
        assert options_of(make_settings("", (zone,))).allowed == Allowed(loopback=True)


def test_of_one_zone_only_its_peers_and_names_are_looked_at() -> None:
    doctor = DoctorSettings(0, ("partner.example",), ("imp2-public.inside.example",))
    settings = make_settings(
        "", (IMP, NeighborZone(name="Other", peers=("other.example",)), DnsZone(name="Out")), doctor=doctor
    )
    options = options_of_zone(settings, "IMP")
    assert (options.zone, options.domains, options.faces_partners) == ("IMP", (), False)
    assert options.routing_names == ("imp1-public.inside.example",) and options.settings is settings
    assert options_of_zone(settings, "Other").routing_names == ()


def test_of_one_domain_nothing_else_is_looked_at() -> None:
    options = options_of_domain(make_settings("", (IMP, DnsZone(name="Out"))), "partner.example")
    assert (options.domains, options.routing_names, options.settings) == (("partner.example",), (), None)
    assert options.own_domains == ("inside.example",) and options.faces_partners
