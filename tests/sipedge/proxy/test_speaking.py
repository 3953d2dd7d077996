"""Requests that wait for the DNS to say for whom their peer may speak, and peers that the edge connected to."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.playbook import (
    STRANGER,
    Call,
    Captured,
    FakeResolver,
    Leg,
    Play,
    Playbook,
    arrives,
    closes_connection,
    federation,
    forwards,
    opens,
    resolves,
    responds,
    sends,
    waits,
)
from support.settings import INSIDE, RULES, ZONES, make_settings, rule

from sipedge.proxy.commands import Respond
from sipedge.proxy.events import ConfigChanged, Resolved
from sipedge.proxy.locating import MAX_REQUESTS_WAITING, MAX_WAITING_OF_PEER, WAIT
from zones.dns import SrvRecord
from zones.zone import UNLIMITED, AccessAction, AccessRule, DefaultZone, DnsZone, FromDomain, Hop

SRV, SIPS = "_sipfederationtls._tcp.partner.example", "_sips._tcp.partner.example"
PARTNER = 50
FROM = "<sip:carol@partner.example>;tag=c"
SETTINGS = make_settings(RULES, (*ZONES, DefaultZone(rate=UNLIMITED)))


def town(
    play: Play, resolver: FakeResolver | None = None, names: tuple[str, ...] = ("sip.partner.example",)
) -> Playbook:
    return play(SETTINGS, resolver) >> opens(PARTNER, "198.51.100.60", names=names)


def write(method: str = "MESSAGE", **fields: object) -> object:
    make = invite if method == "INVITE" else lambda **more: request(method, **more)
    return make(uri="sip:alice@inside.example", **{"from_": FROM, **fields})  # type: ignore[operator]


def answered(asked: Captured, *targets: str, error: str = "") -> Resolved:
    records = tuple(SrvRecord(0, 0, 5061, target) for target in targets)
    return Resolved(asked.command.query, records, error or ("" if records else "nxdomain"), 60.0)  # type: ignore[arg-type]


def test_a_partner_speaks_for_the_domain_whose_record_names_it(play: Play) -> None:
    resolver = FakeResolver(federation("partner.example", "198.51.100.60"))
    book = town(play, resolver)
    book >> arrives(write(), PARTNER) << forwards(Leg(), "Inside")
    book >> arrives(write("BENOTIFY"), PARTNER) << sends("Inside")
    book >> arrives(write("INVITE"), PARTNER) << responds(100) << forwards(Leg(), "Inside")
    assert resolver.asked == [(SRV, "SRV"), (SIPS, "SRV")]  # once, for all three


def test_nobody_speaks_for_the_domain_of_another(play: Play) -> None:
    told = Captured()
    book = town(play, FakeResolver(federation("partner.example", "198.51.100.60")), ("sip.evil.example",))
    book >> arrives(write(), PARTNER) << responds(403, told=told)
    assert "publish _sipfederationtls._tcp.partner.example" in (told.message.first("warning") or "")
    book >> arrives(write("BENOTIFY"), PARTNER) >> arrives(write("ACK"), PARTNER)
    book.settle()
    assert [entry.status for entry in book.entries] == [403, 403, 403]


@pytest.mark.parametrize("method", ["MESSAGE", "BENOTIFY", "INVITE"])
def test_a_request_waits_and_holds_up_nobody(play: Play, method: str) -> None:
    one, two = Captured(), Captured()
    book = town(play) >> arrives(write(method), PARTNER)
    if method == "INVITE":
        book << responds(100)
    book << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    book >> arrives(request(call_id="other")) << forwards(Leg(), "Outside")
    assert not book.proxy.is_quiet()
    book >> answered(one, "sip.partner.example") >> answered(two)
    book << (sends("Inside") if method == "BENOTIFY" else forwards(Leg(), "Inside"))
    assert book.proxy.kept()["waiting"] == 0


def test_without_an_answer_of_the_dns_it_is_504_in_time(play: Play) -> None:
    one, two = Captured(), Captured()
    book = town(play) >> arrives(write(), PARTNER) << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    assert (book.proxy.next_deadline() or 0.0) <= book.now + WAIT
    book >> waits(WAIT) << responds(504)
    book >> answered(one, "sip.partner.example")  # too late
    book.settle()
    book >> arrives(write(cseq="2 MESSAGE"), PARTNER) << responds(504)  # not asked again at once


def test_when_the_dns_is_mute_what_it_said_last_holds(play: Play) -> None:
    one, two = Captured(), Captured()
    book = town(play) >> arrives(write(), PARTNER) << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    book >> answered(one, "sip.partner.example") >> answered(two) << forwards(Leg(), "Inside")
    book >> waits(61.0)
    book.drain()
    book >> arrives(write(call_id="later"), PARTNER) << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    book >> answered(one, error="timeout") >> answered(two, error="servfail") << forwards(Leg(), "Inside")


def test_an_invite_that_waits_can_be_cancelled(play: Play) -> None:
    call, one, two = Call(), Captured(), Captured()
    book = town(play) >> arrives(write("INVITE"), PARTNER, call) << responds(100)
    book << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    book >> arrives(write("CANCEL", cseq="1 CANCEL"), PARTNER) << responds(200)
    (command,) = book.drain()
    assert isinstance(command, Respond) and (command.transaction, command.status) == (call.transaction, 487)
    book >> answered(one, "sip.partner.example") >> answered(two)
    book.settle()
    assert book.proxy.kept()["waiting"] == 0


def test_a_peer_that_invents_domains_waits_for_its_own(play: Play) -> None:
    book = town(play)
    for number in range(MAX_WAITING_OF_PEER):
        book >> arrives(write(from_=f"<sip:a@d{number}.example>;tag=c", call_id=f"c{number}"), PARTNER)
        book.drain()
    book >> arrives(write(from_="<sip:a@last.example>;tag=c"), PARTNER) << responds(504)
    book >> opens(51, "198.51.100.61", names=("sip.partner.example",))
    book >> arrives(write(), 51)
    assert len(book.drain()) == 2  # its questions


def test_a_peer_that_went_away_while_it_waited_is_forgotten(play: Play) -> None:
    one, two = Captured(), Captured()
    book = town(play) >> arrives(write(), PARTNER) << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    book >> closes_connection(PARTNER) >> answered(one, "sip.partner.example") >> answered(two)
    book.settle()
    assert book.proxy.kept()["waiting"] == 0


def test_a_reload_decides_what_waits(play: Play) -> None:
    one, two = Captured(), Captured()
    book = town(play) >> arrives(write(), PARTNER) << resolves(SRV, "SRV", one) << resolves(SIPS, "SRV", two)
    book >> ConfigChanged(make_settings("")) >> answered(one, "sip.partner.example") >> answered(two) << responds(404)


NET = DnsZone(name="Internet")
FRIENDS = (AccessRule("friends", 1, lambda name: name == "sip.friend.example", AccessAction.ALLOW),)
STRANGERS = rule("strangers", "Inside", r".*@inside\.example", source_zone='"Default Zone"')


@pytest.mark.parametrize(("name", "admitted"), [("sip.friend.example", True), ("sip.evil.example", False)])
def test_a_connection_that_the_edge_opened_admits_nobody(play: Play, name: str, admitted: bool) -> None:
    """Requests of a stranger behind it are the Default Zone's, under its access rules."""
    friends = DefaultZone(access_rules=FRIENDS)
    hop = Hop("Internet", "TLS", "198.51.100.60", 5061, name)
    book = play(make_settings(STRANGERS, (*ZONES, NET)))
    book >> closes_connection(STRANGER) >> ConfigChanged(make_settings(STRANGERS, (*ZONES, NET, friends)))
    book >> opens(PARTNER, "198.51.100.60", names=(name,), listener=None, zone="Internet", hop=hop)
    book >> arrives(write(from_=f"<sip:a@{name}>;tag=c"), PARTNER)
    book << (forwards(Leg(), "Inside") if admitted else responds(403))
    assert book.entries[-1].zone == "Default Zone"
    book >> ConfigChanged(make_settings(STRANGERS, (*ZONES, NET)))
    book >> arrives(write(from_=f"<sip:a@{name}>;tag=c", call_id="again"), PARTNER) << forwards(Leg(), "Inside")


LAX = make_settings(
    rule("users", "Inside", r".*@inside\.example") + rule("node", "Inside", r".*node\.inside\.example.*"),
    (INSIDE, DefaultZone(from_domain=FromDomain.ANY)),
)


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "SUBSCRIBE", "BENOTIFY"])
@pytest.mark.parametrize(
    ("uri", "route", "goes"),
    [
        ("sip:v@third.example", "<sip:x@inside.example>", False),
        ("sip:v@third.example", "<sip:x@inside.example;lr>", False),
        ("sip:v@third.example", "<sip:node.inside.example;lr>", False),
        ("sip:alice@inside.example", "<sip:x@third.example;lr>", False),
        ("sip:alice@node.inside.example", "<sip:node.inside.example;lr>", True),
        ("sip:alice@inside.example", "<sip:node.inside.example;lr>", True),
    ],
)
def test_no_route_from_outside_makes_the_node_a_relay(
    play: Play, method: str, uri: str, route: str, goes: bool
) -> None:
    book = play(LAX) >> arrives(request(method, uri, from_="<sip:a@evil.example>;tag=1", routes=(route,)), STRANGER)
    kinds = [type(command).__name__ for command in book.drain()]
    assert (("Forward" in kinds) or ("Send" in kinds)) is goes


def test_no_more_wait_than_memory_is_kept_for(play: Play) -> None:
    book = town(play)
    for number in range(MAX_REQUESTS_WAITING):
        if number % MAX_WAITING_OF_PEER == 0:
            book >> opens(1000 + number, "198.51.100.61", names=("sip.partner.example",))
        book >> arrives(write(call_id=f"c{number}"), 1000 + number - number % MAX_WAITING_OF_PEER)
        book.drain()
    book >> arrives(write(call_id="last"), PARTNER) << responds(504)
    assert book.proxy.kept()["waiting"] == MAX_REQUESTS_WAITING
    book >> waits(WAIT)
    assert book.proxy.kept()["waiting"] == 0
    book.drain()
