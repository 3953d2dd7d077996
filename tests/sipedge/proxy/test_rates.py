"""Too many requests: who is refused, what is counted, and who is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from support.messages import invite, notify, request, subscribe
from support.playbook import (
    INSIDE,
    OUTSIDE,
    STRANGER,
    Call,
    Leg,
    Play,
    Playbook,
    answers,
    arrives,
    cancels,
    closes,
    forwards,
    opens,
    responds,
    sends,
    waits,
)
from support.settings import ZONES, make_settings, rule, with_zone

from sipedge.proxy.events import ConfigChanged
from sipedge.settings import Settings
from zones.zone import DefaultZone, FromDomain, RatePolicy

IN_DIALOG = "<sip:bob@outside.example>;tag=bob-tag"


def limited(**fields: Any) -> Settings:
    """The zone Inside takes so much."""
    return make_settings(zones=with_zone(ZONES, "Inside", rate=RatePolicy(**fields)))


def passes(book: Playbook, **fields: Any) -> None:
    book >> arrives(request(**fields)) << forwards(Leg())


def refused(book: Playbook, retry_after: str = "1", **fields: Any) -> None:
    book >> arrives(request(**fields)) << responds(503, retry_after=retry_after)


def test_a_peer_that_sends_too_much_is_told_when_to_come_again(play: Play) -> None:
    book = play(limited(per_peer=0.5, burst=4.0))
    passes(book)
    passes(book)
    refused(book, retry_after="2")
    book >> waits(2.0)
    passes(book)
    refused(book, retry_after="2")
    assert book.proxy.requests_refused() == {("Inside", "peer rate"): 2}
    lines = [line.text for line in book.log]
    assert lines == ['zone "Inside": requests of 192.0.2.10 are refused: more than 0.5 requests a second from one peer']
    assert [entry.status for entry in book.concluded] == [], "the history is spared"


def test_another_zone_has_its_own_rate(play: Play) -> None:
    book = play(limited(per_peer=1.0, burst=1.0))
    passes(book)
    refused(book)
    for _ in range(5):
        book >> arrives(request(uri="sip:alice@inside.example"), OUTSIDE) << forwards(Leg(), "Inside")


def test_what_has_no_response_is_dropped_and_counted(play: Play) -> None:
    book = play(limited(messages_per_second=1.0, burst=1.0))
    book >> arrives(notify("BENOTIFY")) << sends("Outside") >> arrives(notify("BENOTIFY"))
    assert book.proxy.requests_refused() == {("Inside", "zone rate"): 1}


def test_responses_ack_and_cancel_are_no_matter_of_rates(play: Play) -> None:
    leg, other = Leg(), Leg()
    book = play(limited(per_peer=0.5, burst=4.0))
    book >> arrives(invite()) << responds(100) << forwards(leg) >> answers(leg, 180) << responds(180)
    second = Call()
    message = invite(call_id="c2", via=("SIP/2.0/TLS a;branch=z9hG4bKother",))
    book >> arrives(message, INSIDE, second) << responds(100) << forwards(other)
    refused(book, retry_after="2", call_id="c3")
    book >> arrives(request("CANCEL")) << responds(200) << cancels(leg)
    book >> answers(other, 200) << responds(200, to=second)
    book >> arrives(request("ACK", to=IN_DIALOG)) << sends("Outside")


def test_acks_without_end_are_dropped(play: Play) -> None:
    book = play(limited(per_peer=1.0, burst=1.0))
    for _ in range(300):
        book >> arrives(request("ACK", to=IN_DIALOG))
        book.drain()
    assert 100 < book.proxy.requests_refused()["Inside", "peer rate"] < 200


def test_a_domain_in_from_has_a_rate_of_its_own(play: Play) -> None:
    book = play(limited(per_domain=1.0, burst=1.0))
    passes(book, from_="<sip:a@one.example>;tag=1")
    refused(book, from_="<sip:b@one.example>;tag=2")
    passes(book, from_="<sip:a@two.example>;tag=3")
    assert book.proxy.requests_refused() == {("Inside", "domain rate"): 1}


def test_nobody_uses_up_the_rate_of_a_domain_that_is_not_theirs(play: Play) -> None:
    """Where From is judged, who may not name a domain is refused before it counts."""
    outside = {"from_domain": FromDomain.LIST, "from_domains": ("friend.example",), "rate": RatePolicy(per_domain=1.0)}
    zones = with_zone(ZONES, "Outside", **outside)
    book = play(make_settings(zones=zones))
    for _ in range(9):
        message = request(uri="sip:alice@inside.example", from_="<sip:x@other.example>;tag=1")
        book >> arrives(message, OUTSIDE) << responds(403)
    assert book.proxy.requests_refused() == {("Outside", "403"): 9}
    assert len(book.proxy._rates.zones["Outside"]._domains) == 0


def test_subscriptions_to_too_many_addresses(play: Play) -> None:
    book = play(limited(subscribe_targets=2))
    for name in ("a", "b", "a"):
        book >> arrives(subscribe(uri=f"sip:{name}@outside.example")) << forwards(Leg())
    book >> arrives(subscribe(uri="sip:c@outside.example")) << responds(503, retry_after="3600")
    book >> arrives(subscribe(uri="sip:c@outside.example", to="<sip:c@outside.example>;tag=1")) << forwards(Leg())
    passes(book)
    assert book.proxy.requests_refused() == {("Inside", "subscribe targets"): 1}
    book >> waits(3600.0)
    book.drain()
    book >> arrives(subscribe(uri="sip:c@outside.example")) << forwards(Leg())


def test_a_reload_gives_no_rate_anew(play: Play) -> None:
    settings = limited(per_peer=1.0, burst=1.0)
    book = play(settings)
    passes(book)
    book >> ConfigChanged(settings)
    refused(book)
    book >> ConfigChanged(make_settings())
    passes(book)


def test_the_default_zone_has_rates_though_no_file_names_it(play: Play) -> None:
    assert set(play().proxy._rates.zones) == {"Default Zone"}


def test_other_refusals_are_counted_by_their_status(play: Play) -> None:
    book = play() >> arrives(request(extra=("Proxy-Require: x",))) << responds(420)
    assert book.proxy.requests_refused() == {("Inside", "420"): 1}


@pytest.mark.parametrize(("uri", "scans"), [("sip:100@203.0.113.1", True), ("sip:nobody@inside.example", False)])
def test_a_stranger_that_looks_for_a_gateway_offends(play: Play, uri: str, scans: bool) -> None:
    """A request for one of the edge's own domains that no rule takes is a typing error at worst."""
    plan = rule("to outside", "Outside", r".*@outside\.example.*")
    zones = (*ZONES, DefaultZone(from_domain=FromDomain.ANY))
    book = play(make_settings(plan, zones=zones))
    book.banned = True
    book >> arrives(request(uri=uri, from_="<sip:x@elsewhere.example>;tag=1"), STRANGER) << responds(404)
    if scans:
        book << closes(STRANGER)
    assert book.offences == ([("198.51.100.99", "scan")] if scans else [])


def test_inside_nobody_scans(play: Play) -> None:
    book = play() >> arrives(request(uri="sip:100@203.0.113.1"), INSIDE) << responds(404)
    assert book.offences == []


def test_a_connection_that_no_zone_takes_offends(play: Play) -> None:
    book = play() >> opens(9, "198.51.100.77", names=(), has_certificate=False) << closes(9)
    assert book.offences == [("198.51.100.77", "zone")]


def test_peers_of_neighbor_zones_are_known_by_their_addresses(play: Play) -> None:
    proxy = play().proxy
    assert proxy.is_neighbor("192.0.2.10") and not proxy.is_neighbor("198.51.100.77")
