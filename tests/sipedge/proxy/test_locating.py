"""Targets in DNS zones: questions as Resolve commands, answers kept for a time, failures 404 or 504 (RFC 3263)."""

from __future__ import annotations

import pytest
from support.messages import invite, notify, request
from support.playbook import (
    FROM_STRANGER,
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

from sipedge.proxy import locating
from sipedge.proxy.commands import Asker, Command, Resolve
from sipedge.proxy.events import ConfigChanged, DrainEnded, Resolved
from sipedge.proxy.locating import FAILED_TTL, MAX_WAITING_EACH, Destination, Hops, LookUp, LookUps, NoHops, Questions
from zones.dns import AddressRecord, SrvRecord
from zones.zone import UNLIMITED, DefaultZone, DnsZone

DNS = DnsZone(name="Microsoft", rate=UNLIMITED)
ASKER = Asker("Inside", "192.0.2.10")
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


def test_a_look_up_that_outlasts_the_edge_opens_nothing(play: Play) -> None:
    srv = Captured()
    book = play(SETTINGS) >> arrives(invite(extra=("Ms-Text-Format: text/plain",))) << responds(100)
    book << resolves(SRV, "SRV", srv) >> DrainEnded() << responds(503)
    for kind, name in (("NAPTR", "outside.example"), ("SRV", "_sips._tcp.outside.example")):
        book >> answered(srv, error="timeout") << resolves(name, kind, srv)
    (book >> answered(srv, error="timeout")).settle()


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
    book >> arrives(invite(uri="sip:bob@inside.example", from_=FROM_STRANGER), STRANGER)
    book << responds(100) << forwards(leg, "Inside")
    routes = (*leg.message.items("record-route"), "<sip:far.example;lr>")
    bye = request("MESSAGE", "sip:x@10.9.9.9", routes=routes, to="<sip:a@far.example>;tag=t")
    book >> arrives(bye) << forwards(back, "Default Zone", address="198.51.100.77", route="<sip:far.example;lr>")


def test_addresses_of_this_host_are_not_connected_to(play: Play) -> None:
    book = play(SETTINGS, FakeResolver(federation("outside.example", "127.0.0.1")))
    book >> arrives(request()) << responds(404)
    book >> arrives(request(uri="sip:x@127.0.0.1:5061")) << responds(404)


def test_a_strangers_dns_leads_into_no_private_network_and_the_log_says_so(play: Play) -> None:
    told = Captured()
    book = play(SETTINGS, FakeResolver(federation("outside.example", "10.1.2.3")))
    book >> arrives(request()) << responds(404, told=told)
    assert "10.1.2.3" not in (told.message.first("warning") or "")
    (line,) = [log.text for log in book.log if "10.1.2.3" in log.text]
    assert line.startswith('zone "Microsoft": ') and "allow_private" in line


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


def test_questions_that_nobody_answered_do_not_say_that_there_is_no_such_user(play: Play) -> None:
    """To Microsoft a 404 means that the user does not exist: a DNS that is silent or fails makes 504 of it."""
    for error, status in (("timeout", 504), ("servfail", 504), ("nxdomain", 404), ("", 404)):
        question = Captured()
        book = play(SETTINGS) >> arrives(request(uri=f"sip:bob@{error or 'empty'}.example"))
        book << resolves(f"_sipfederationtls._tcp.{error or 'empty'}.example", "SRV", question)
        book >> answered(question, error=error) << resolves(f"{error or 'empty'}.example", "NAPTR", question)
        book >> answered(question, error=error) << resolves(f"_sips._tcp.{error or 'empty'}.example", "SRV", question)
        book >> answered(question, error=error) << responds(status)
        warnings = [log.text for log in book.log if log.level == "warning"]
        assert len(warnings) == (status == 504)
        assert all(f"NAPTR {error}.example: {error}" in text and '"Microsoft"' in text for text in warnings)


def destination(host: str, port: int | None = None) -> Destination:
    return Destination("Microsoft", host, port, None, True)


def test_waiting_for_one_name_is_bounded() -> None:
    look_ups, out = LookUps(lambda: 0.5, Questions()), list[Command]()
    results = [look_ups.locate(DNS, destination("b.example"), ASKER, 0.0, out) for _ in range(MAX_WAITING_EACH + 2)]
    tickets = results[:MAX_WAITING_EACH]
    assert len(set(tickets)) == MAX_WAITING_EACH and all(isinstance(ticket, int) for ticket in tickets)
    too_many = NoHops(504, "too many requests wait for this domain's DNS")
    assert results[MAX_WAITING_EACH:] == [too_many, too_many]
    assert len(out) == 1


def test_look_ups_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locating, "MAX_WAITING", 2)
    look_ups, out = LookUps(lambda: 0.5, Questions()), list[Command]()
    results = [look_ups.locate(DNS, destination(f"{name}.example"), ASKER, 0.0, out) for name in "abc"]
    assert results == [1, 2, NoHops(504, "too many DNS look-ups are under way")]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locating, "MAX_KEPT", 3)
    questions = Questions()
    look_ups, out = LookUps(lambda: 0.5, questions), list[Command]()

    def ask(name: str) -> Hops | NoHops | int:
        return look_ups.locate(DNS, destination(f"{name}.example"), ASKER, 0.0, out)

    for name in "abcde":
        assert isinstance(ask(name), int)
        while out:
            command = out.pop()
            assert isinstance(command, Resolve)
            question, purpose = questions.take(command.query) or pytest.fail("asked, but not known")
            assert isinstance(purpose, LookUp)
            look_ups.answer(purpose, question, Resolved(command.query, (), "nxdomain"), 0.0, out)
    assert [isinstance(ask(name), NoHops) for name in "edcba"] == [True, True, True, False, False]


def test_every_asker_has_a_look_up_of_its_own() -> None:
    """None waits in the queue of another, and that a name was not asked for is held against nobody else."""
    questions, other = Questions(), Asker("Default Zone", "192.0.2.9")
    look_ups, out = LookUps(lambda: 0.5, questions), list[Command]()
    assert look_ups.locate(DNS, destination("b.example"), ASKER, 0.0, out) == 1
    assert look_ups.locate(DNS, destination("b.example"), other, 0.0, out) == 2
    assert [command.asker for command in out] == [ASKER, other]  # type: ignore[union-attr]
    while out:
        command = out.pop(0)
        assert isinstance(command, Resolve)
        question, purpose = questions.take(command.query) or pytest.fail("asked, but not known")
        assert isinstance(purpose, LookUp)
        if purpose.asker == ASKER:
            look_ups.answer(purpose, question, Resolved(command.query, (), "busy"), 0.0, out)
            failed = purpose.result
    assert isinstance(failed, NoHops) and failed.status == 504
    assert look_ups.locate(DNS, destination("b.example"), other, 0.0, out) == 3
    assert look_ups.locate(DNS, destination("b.example"), ASKER, 0.0, out) == 4


def test_a_request_asks_on_behalf_of_its_sender(play: Play) -> None:
    book = play(SETTINGS) >> arrives(request())
    (command,) = book.drain()
    assert isinstance(command, Resolve) and command.asker == Asker("Inside", "192.0.2.10")


def test_addresses_are_known_without_asking() -> None:
    out: list[Command] = []
    hops = LookUps(lambda: 0.5, Questions()).locate(DNS, destination("198.51.100.7", 5061), ASKER, 0.0, out)
    assert isinstance(hops, tuple) and [hop.address for hop in hops] == ["198.51.100.7"]
    assert out == []


def test_the_default_zone_is_looked_up_like_a_dns_zone() -> None:
    out: list[Command] = []
    LookUps(lambda: 0.5, Questions()).locate(DefaultZone(), destination("b.example"), ASKER, 0.0, out)
    assert [command.name for command in out] == ["_sipfederationtls._tcp.b.example"]  # type: ignore[union-attr]
