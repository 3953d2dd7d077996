"""Targets in DNS zones: questions as Resolve commands, answers kept for their time, failures as 404 (RFC 3263)."""

from __future__ import annotations

import pytest
from support.messages import invite, notify, request
from support.playbook import (
    STRANGER,
    Call,
    Captured,
    FakeResolver,
    Leg,
    Play,
    answers,
    arrives,
    fails,
    federation,
    forwards,
    resolves,
    responds,
    sends,
    waits,
)
from support.settings import INSIDE, make_settings, rule

from sipedge.proxy.commands import Command
from sipedge.proxy.events import ConfigChanged, Resolved
from sipedge.proxy.locating import FAILED_TTL, MAX_KEPT, MAX_WAITING_EACH, Resolutions
from sipedge.sip.uri import parse_uri
from zones.dns import AddressRecord, SrvRecord
from zones.zone import DefaultZone, DnsZone, Hop

DNS = DnsZone(name="Microsoft")
ZONES = (INSIDE, DNS)
PLAN = rule("out", "Microsoft", source_zone='"Inside"') + rule("in", "Inside", source_zone='"Default Zone"')
SETTINGS = make_settings(PLAN, ZONES)
SRV = "_sipfederationtls._tcp.outside.example"
EDGE_POOL = {
    (SRV, "SRV"): (SrvRecord(0, 0, 5061, "sip.outside.example"),),
    ("sip.outside.example", "A"): (AddressRecord("198.51.100.20"), AddressRecord("198.51.100.21")),
}


def answered(told: Captured, *records: object, ttl: float = 60.0, error: str = "") -> Resolved:
    return Resolved(told.command.query, records, error, ttl)


def test_microsoft_traffic_asks_for_the_federation_service_first(play: Play) -> None:
    srv, a, aaaa, leg = Captured(), Captured(), Captured(), Leg()
    (
        play(SETTINGS)
        >> arrives(request())
        << resolves(SRV, "SRV", srv)
        >> answered(srv, SrvRecord(0, 0, 5061, "sip.outside.example"))
        << resolves("sip.outside.example", "A", a)
        << resolves("sip.outside.example", "AAAA", aaaa)
        >> answered(aaaa)
        >> answered(a, AddressRecord("198.51.100.20"))
        << forwards(leg, "Microsoft", address="198.51.100.20", port=5061, peer="sip.outside.example")
        >> answers(leg, 200)
        << responds(200)
    )


def test_standard_traffic_asks_as_rfc_3263_says(play: Play) -> None:
    naptr = Captured()
    book = play(SETTINGS) >> arrives(request("x-unknown")) << resolves("outside.example", "NAPTR", naptr)
    book >> answered(naptr) << resolves("_sips._tcp.outside.example", "SRV", naptr)
    book >> answered(naptr, error="nxdomain") << responds(404)


def test_answers_are_kept_for_their_time_and_failures_shortly(play: Play) -> None:
    resolver = FakeResolver(federation("outside.example", "198.51.100.20"), ttl=30.0)
    book = play(SETTINGS, resolver)
    for asked, pause in ((3, 0.0), (3, 29.0), (6, 2.0)):
        leg = Leg()
        book >> waits(pause) >> arrives(request()) << forwards(leg) >> answers(leg, 200) << responds(200)
        assert len(resolver.asked) == asked
    resolver.records = {}
    resolver.asked.clear()
    for asked, pause in ((3, 0.0), (3, FAILED_TTL - 1), (6, 2.0)):
        told = Captured()
        book >> waits(pause) >> arrives(request(uri="sip:x@gone.example")) << responds(404, told=told)
        assert len(resolver.asked) == asked
        assert "no address to try for 'gone.example'" in (told.message.first("warning") or "")


def test_two_requests_ask_once(play: Play) -> None:
    srv, a, aaaa = Captured(), Captured(), Captured()
    first, second = Call(), Call()
    one, two = Leg(), Leg()
    (
        play(SETTINGS)
        >> arrives(request(call_id="c1"), call=first)
        << resolves(SRV, "SRV", srv)
        >> arrives(request(call_id="c2"), call=second)
        >> answered(srv, SrvRecord(0, 0, 5061, "sip.outside.example"))
        << resolves("sip.outside.example", "A", a)
        << resolves("sip.outside.example", "AAAA", aaaa)
        >> answered(aaaa)
        >> answered(a, AddressRecord("198.51.100.20"))
        << forwards(one, call_id="c1")
        << forwards(two, call_id="c2")
        >> answers(two, 200)
        << responds(200, to=second)
        >> answers(one, 200)
        << responds(200, to=first)
    )


def test_all_addresses_are_tried(play: Play) -> None:
    one, two = Leg(), Leg()
    book = play(SETTINGS, FakeResolver(EDGE_POOL))
    book >> arrives(request()) << forwards(one) >> fails(one) << forwards(two) >> answers(two, 200) << responds(200)
    assert {one.hop.address, two.hop.address} == {"198.51.100.20", "198.51.100.21"}


def test_a_request_cancelled_while_the_dns_is_asked(play: Play) -> None:
    srv, call = Captured(), Call()
    (
        play(SETTINGS)
        >> arrives(invite(extra=("Ms-Text-Format: text/plain",)), call=call)
        << responds(100)
        << resolves(SRV, "SRV", srv)
        >> arrives(request("CANCEL"))
        << responds(200)
        >> answered(srv, error="timeout")
        << resolves("outside.example", "NAPTR", srv)
        >> answered(srv, error="timeout")
        << resolves("_sips._tcp.outside.example", "SRV", srv)
        >> answered(srv, error="timeout")
        << responds(487, to=call)
        >> arrives(request("CANCEL"))
        << responds(481)
    )


def test_a_request_that_waits_for_the_dns_is_not_forgotten_when_the_edge_drains(play: Play) -> None:
    srv = Captured()
    book = play(SETTINGS) >> arrives(invite(extra=("Ms-Text-Format: text/plain",))) << responds(100)
    book << resolves(SRV, "SRV", srv)
    assert not book.proxy.is_quiet()
    for name in ("NAPTR outside.example", "SRV _sips._tcp.outside.example"):
        kind, _, domain = name.partition(" ")
        book >> answered(srv) << resolves(domain, kind, srv)
    book >> answered(srv) << responds(404)
    assert book.proxy.is_quiet()
    book >> arrives(request("CANCEL")) << responds(481)


def test_benotify_waits_for_the_dns_too(play: Play) -> None:
    srv, a, aaaa = Captured(), Captured(), Captured()
    (
        play(SETTINGS)
        >> arrives(notify("BENOTIFY"))
        << resolves(SRV, "SRV", srv)
        >> answered(srv, SrvRecord(0, 0, 5061, "sip.outside.example"))
        << resolves("sip.outside.example", "A", a)
        << resolves("sip.outside.example", "AAAA", aaaa)
        >> answered(a, AddressRecord("198.51.100.20"))
        >> answered(aaaa)
        << sends("Microsoft", address="198.51.100.20")
    )


def test_the_way_back_to_a_stranger_is_looked_up_by_its_route(play: Play) -> None:
    """A dialog that came in through the Default Zone: the token leads back there, the Route says where to."""
    book = play(SETTINGS, FakeResolver(federation("far.example", "198.51.100.77")))
    leg, back = Leg(), Leg()
    book >> arrives(invite(uri="sip:bob@inside.example"), STRANGER) << responds(100) << forwards(leg, "Inside")
    routes = (*leg.message.items("record-route"), "<sip:far.example;lr>")
    bye = request("MESSAGE", "sip:x@10.9.9.9", routes=routes, to="<sip:a@far.example>;tag=t")
    book >> arrives(bye) << forwards(back, "Default Zone", address="198.51.100.77", route="<sip:far.example;lr>")


def test_addresses_of_this_host_are_not_connected_to(play: Play) -> None:
    book = play(SETTINGS, FakeResolver(federation("outside.example", "127.0.0.1")))
    book >> arrives(request()) << responds(404)
    book >> arrives(request(uri="sip:x@127.0.0.1:5061")) << responds(404)


def test_a_new_configuration_asks_anew(play: Play) -> None:
    resolver = FakeResolver(federation("outside.example", "198.51.100.20"))
    book = play(SETTINGS, resolver)
    book >> arrives(request()) << forwards(Leg())
    book >> ConfigChanged(SETTINGS) >> arrives(request()) << forwards(Leg())
    assert len(resolver.asked) == 6


def test_what_was_under_way_at_a_reload_serves_those_who_waited(play: Play) -> None:
    srv, again, call = Captured(), Captured(), Call()
    book = play(SETTINGS) >> arrives(request(call_id="c1"), call=call) << resolves(SRV, "SRV", srv)
    strict = make_settings(PLAN, (INSIDE, DnsZone(name="Microsoft", microsoft_service="_x._tcp")))
    book >> ConfigChanged(strict) >> arrives(request(call_id="c2"))
    book << resolves("_x._tcp.outside.example", "SRV", again)
    book >> answered(srv, SrvRecord(0, 0, 5061, "sip.outside.example"))
    asked = [command.query for command in book.drain()]  # type: ignore[union-attr]
    book >> Resolved(asked[0], (AddressRecord("198.51.100.20"),), "", 60.0)
    book >> Resolved(asked[1], (), "", 60.0) << forwards(Leg(), call_id="c1")


def test_a_stray_answer_is_ignored(play: Play) -> None:
    play(SETTINGS) >> Resolved(99, (), "", 1.0)


# ----------------------------------------------------------------------------------------------------------- the bounds


def located(found: list[tuple[tuple[Hop, ...], str]]) -> object:
    return lambda hops, problem, now, out: found.append((hops, problem))


def test_waiting_for_one_name_is_bounded() -> None:
    resolutions = Resolutions(lambda: 0.5)
    found: list[tuple[tuple[Hop, ...], str]] = []
    out: list[Command] = []
    for _ in range(MAX_WAITING_EACH + 2):
        resolutions.locate(DNS, parse_uri("sip:a@b.example"), True, 0.0, located(found), out)  # type: ignore[arg-type]
    assert [problem for _, problem in found] == ["too many DNS look-ups are under way"] * 2
    assert len(out) == 1


@pytest.mark.slow
def test_what_is_kept_is_bounded() -> None:
    resolutions = Resolutions(lambda: 0.5)
    found: list[tuple[tuple[Hop, ...], str]] = []
    for number in range(MAX_KEPT + 5):
        uri = parse_uri(f"sip:a@198.51.100.{number % 250}:{5000 + number}")
        resolutions.locate(DNS, uri, True, 0.0, located(found), [])  # type: ignore[arg-type]
    assert len(resolutions._kept) == MAX_KEPT
    assert all(hops for hops, _ in found)


def test_the_default_zone_is_looked_up_like_a_dns_zone() -> None:
    out: list[Command] = []
    Resolutions(lambda: 0.5).locate(DefaultZone(), parse_uri("sip:a@b.example"), True, 0.0, lambda *_: None, out)
    assert [command.name for command in out] == ["_sipfederationtls._tcp.b.example"]  # type: ignore[union-attr]
