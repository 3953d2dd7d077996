"""Transactions that outlive their connections (RFC 3261 16.9, 18.1.1, 18.2.2)."""

from __future__ import annotations

from dataclasses import replace

from support.messages import invite, request
from support.playbook import (
    INSIDE,
    OUTSIDE,
    STRANGER,
    Call,
    Captured,
    Leg,
    Play,
    Playbook,
    abandons,
    answers,
    arrives,
    cancels,
    closes_connection,
    forwards,
    opens,
    relays,
    responds,
    sends,
    waits,
)
from support.settings import INSIDE_PEER, OUTSIDE_PEER, ZONES, make_settings, rule

from sipedge.proxy.events import ConnectionForgotten, ForwardFailed, HopLost, Undelivered
from sipedge.proxy.way_back import TRIED_AT_ONE
from zones.zone import DefaultZone, DnsZone, FromDomain, NeighborZone

VIA = f"SIP/2.0/TLS {INSIDE_PEER}:5071;branch=z9hG4bKcaller"
RESPONSE = (
    f"SIP/2.0 200 OK\r\nVia: {VIA};received={INSIDE_PEER}\r\nFrom: <sip:a@inside.example>;tag=1\r\n"
    "To: <sip:b@outside.example>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
).encode()


def allowed(book: Playbook, leg: Leg, connection: int) -> bool:
    return book.proxy.may_answer(leg.branch, connection, book.now)


# ------------------------------------------------------------------------------------------- answers to our requests
def test_a_ringing_call_whose_connection_is_lost_goes_on_ringing(play: Play) -> None:
    leg, call = Leg(), Call()
    book = play() >> arrives(invite(), call=call) << responds(100) << forwards(leg)
    book >> answers(leg, 180) << responds(180) >> HopLost(leg.branch) >> closes_connection(OUTSIDE)
    book >> waits(60) >> opens(4, OUTSIDE_PEER)
    assert allowed(book, leg, 4)
    book >> answers(leg, 200, connection=4) << responds(200, to=call)


def test_its_cancel_is_for_its_hop(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg) >> answers(leg, 180) << responds(180)
    book >> HopLost(leg.branch) >> closes_connection(OUTSIDE) >> arrives(request("CANCEL")) << responds(200)
    book << cancels(leg)
    assert book.proxy.may_answer(leg.branch, OUTSIDE, book.now) is False, "that connection is closed"


def test_another_request_is_told_before_its_sender_gives_up(play: Play) -> None:
    """RFC 3261 17.1.2.2: 64*T1 are 32 s."""
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> waits(2) >> HopLost(leg.branch)
    book >> closes_connection(OUTSIDE) >> waits(2) << responds(100) >> waits(23.9)
    book.settle()
    book >> waits(0.2) << abandons(leg) << responds(504)


def test_a_loss_at_the_last_moment_is_told_at_once(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> waits(30) << responds(100)
    book >> HopLost(leg.branch) >> waits(0) << abandons(leg) << responds(504)


def test_only_the_same_verified_peer_may_answer(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> HopLost(leg.branch) >> opens(4, OUTSIDE_PEER)
    assert [allowed(book, leg, number) for number in (4, INSIDE, STRANGER, 77)] == [True, False, False, False]


def test_over_tcp_the_address_decides(play: Play) -> None:
    leg = Leg()
    zones = tuple(replace(zone, transport="TCP") for zone in ZONES)
    book = play(make_settings(zones=zones)) >> arrives(request()) << forwards(leg)
    book >> replace(opens(6, OUTSIDE_PEER), transport="TCP", names=(), has_certificate=False)
    book >> replace(opens(7, INSIDE_PEER), transport="TCP", names=(), has_certificate=False)
    assert [allowed(book, leg, number) for number in (6, 7)] == [True, False]


def test_what_went_out_through_a_dns_zone_may_be_answered_in_the_default_zone() -> None:
    zones = (*ZONES, DnsZone(name="Internet"), DefaultZone())
    leg = Leg()
    book = Playbook(make_settings(rule("all", "Internet"), zones))
    book >> opens(4, "198.51.100.99", names=("sip.partner.example",))
    book >> arrives(request(uri="sip:b@198.51.100.77")) << forwards(leg, "Internet")
    book >> opens(5, "198.51.100.77", names=("198.51.100.77",))
    assert allowed(book, leg, 5) and not allowed(book, leg, 4)


# ------------------------------------------------------------------------------------------------- sent once more
def test_what_cannot_have_arrived_is_sent_once_more(play: Play) -> None:
    first, second = Leg(), Leg()
    book = play() >> arrives(request()) << forwards(first)
    book >> ForwardFailed(first.branch, 503, "the peer closed the connection", unsent=True) << forwards(second)
    assert second.branch != first.branch and second.hop == first.hop
    book >> ForwardFailed(second.branch, 503, "the peer closed the connection", unsent=True) << responds(500)


def test_what_was_cancelled_is_not(play: Play) -> None:
    leg, call = Leg(), Call()
    book = play() >> arrives(invite(), call=call) << responds(100) << forwards(leg)
    book >> arrives(request("CANCEL")) << responds(200)
    book >> ForwardFailed(leg.branch, 503, "gone", unsent=True) << responds(487, to=call)


def test_an_ack_that_was_not_written_goes_to_its_hop_again() -> None:
    leg = Leg()
    zones = (*ZONES, NeighborZone(name="Far", peers=("192.0.2.77",), monitor=False))
    book = Playbook(make_settings(rule("all", "Far"), zones)) >> arrives(request()) << forwards(leg)
    book >> opens(9, leg.hop.address, listener=None, zone="Far", hop=leg.hop)
    book >> Undelivered(9, b"ACK sip:bob@far.example SIP/2.0\r\n\r\n") << sends("Far")


# --------------------------------------------------------------------------------------------- answers to requests
def closed_caller(play: Play) -> tuple[Playbook, Leg, Call]:
    leg, call = Leg(), Call()
    book = play() >> arrives(request(via=VIA), call=call) << forwards(leg) >> closes_connection(INSIDE)
    return book, leg, call


def test_an_answer_goes_out_on_another_connection_of_the_peer(play: Play) -> None:
    book, leg, call = closed_caller(play)
    book >> opens(7, INSIDE_PEER) >> answers(leg, 200) << responds(200, to=call)
    book >> Undelivered(INSIDE, RESPONSE) << relays(7)


def test_else_on_a_new_one_to_the_port_in_its_via(play: Play) -> None:
    """RFC 3261 18.2.2: the address that the request came from, not the one that Via names."""
    told = Captured()
    book, leg, call = closed_caller(play)
    book >> answers(leg, 200) << responds(200, to=call) >> Undelivered(INSIDE, RESPONSE) << sends("Inside", told)
    hop = told.command.hop
    assert (hop.transport, hop.address, hop.port, hop.name) == ("TLS", INSIDE_PEER, 5071, INSIDE_PEER)


def test_two_connections_that_are_lost_at_once_are_no_way_back_for_each_other(play: Play) -> None:
    """The core hears of a write that failed before it hears of the end of that connection."""
    book = play() >> opens(7, INSIDE_PEER) >> Undelivered(7, RESPONSE) << relays(INSIDE)
    book >> Undelivered(INSIDE, RESPONSE) << sends("Inside")
    book >> closes_connection(7) >> closes_connection(INSIDE)


def test_a_connection_with_another_certificate_is_not_the_peer(play: Play) -> None:
    book, _, _ = closed_caller(play)
    book >> opens(7, "192.0.2.99", names=("someone.else.example",))
    book >> Undelivered(INSIDE, RESPONSE) << sends("Inside")


def test_nothing_is_known_of_a_connection_once_its_last_transaction_has_ended(play: Play) -> None:
    book, leg, call = closed_caller(play)
    assert book.proxy.kept()["closed"] == 1
    book >> answers(leg, 200) << responds(200, to=call) >> ConnectionForgotten(INSIDE)
    book >> Undelivered(INSIDE, RESPONSE)
    assert book.proxy.kept()["closed"] == 0


def test_nobody_has_the_edge_connect_to_ever_more_of_its_ports(play: Play) -> None:
    book, _, _ = closed_caller(play)
    for port in range(TRIED_AT_ONE):
        book >> Undelivered(INSIDE, RESPONSE.replace(b"5071", b"%d" % (6000 + port))) << sends("Inside")
    book >> Undelivered(INSIDE, RESPONSE)
    book >> Undelivered(INSIDE, RESPONSE.replace(b"5071", b"6000")) << sends("Inside")
    book >> waits(11) << responds(100) >> Undelivered(INSIDE, RESPONSE) << sends("Inside")


def test_no_stranger_has_the_edge_write_to_another_service() -> None:
    """Behind one address there may be others than the stranger; a neighbour's port is the administrator's matter."""
    zones = (*ZONES, DefaultZone(from_domain=FromDomain.ANY))
    book = Playbook(make_settings(rule("all", "Outside"), zones)) >> opens(8, "198.51.100.77", names=("a.example",))
    book >> closes_connection(8)
    for port, reached in ((25, False), (443, True), (5061, True)):
        book >> Undelivered(8, RESPONSE.replace(b":5071", b":%d" % port))
        if reached:
            book << sends("Default Zone")
    assert any("one of another service" in line.text for line in book.log)


def test_a_100_is_worth_no_connection(play: Play) -> None:
    book, _, _ = closed_caller(play)
    book >> Undelivered(INSIDE, RESPONSE.replace(b"200 OK", b"100 Trying"))


def test_a_response_whose_via_cannot_be_read_goes_nowhere(play: Play) -> None:
    book, _, _ = closed_caller(play)
    book >> Undelivered(INSIDE, b"SIP/2.0 200 OK\r\nVia: nonsense\r\n\r\n")
