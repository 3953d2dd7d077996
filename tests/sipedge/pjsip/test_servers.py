"""Server transactions through the real pjsip: RFC 3261 17.2, RFC 6026, RFC 2543 matching."""

from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import VIA, answer, request

from sipedge.proxy.events import RequestReceived

Wire = Any


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "SUBSCRIBE", "NEGOTIATE", "SERVICE", "FROBNICATE", "message"])
def test_new_request_opens_a_transaction(wire: Wire, method: str) -> None:
    event = wire.request(request(method, body="hello"))
    assert event.transaction > 0
    assert (event.connection, event.message.method, event.message.body) == (wire.caller, method, b"hello")
    assert wire.stack.counts().servers == 1


def test_exact_bytes_of_the_answer_go_out(wire: Wire) -> None:
    event = wire.request(request())
    wire.stack.respond(event.transaction, 200, answer())
    assert wire.sent == [(wire.caller, answer())]
    assert wire.stack.counts().servers == 0


def test_copy_of_a_request_is_absorbed_and_gets_the_same_bytes(wire: Wire) -> None:
    event = wire.request(request())
    assert wire.receive(request()) == []
    assert wire.sent == []
    wire.stack.respond(event.transaction, 180, answer(180))
    assert wire.receive(request()) == []
    wire.stack.respond(event.transaction, 404, answer(404))
    assert wire.receive(request()) == []
    assert [data for _, data in wire.sent] == [answer(180), answer(180), answer(404), answer(404)]


def test_after_its_end_the_same_request_is_new(wire: Wire) -> None:
    """Timer J is zero on reliable transports (RFC 3261 17.2.2)."""
    first = wire.request(request())
    wire.stack.respond(first.transaction, 200, answer())
    wire.stack.poll()
    assert wire.request(request()).transaction > first.transaction


def test_second_final_answer_and_unknown_numbers_do_nothing(wire: Wire) -> None:
    event = wire.request(request("INVITE"))
    wire.stack.respond(event.transaction, 486, answer(486, "INVITE"))
    wire.stack.respond(event.transaction, 200, answer(200, "INVITE"))
    wire.stack.respond(event.transaction, 180, answer(180, "INVITE"))
    wire.stack.respond(999999, 200, answer())
    assert [data for _, data in wire.sent] == [answer(486, "INVITE")]


def test_a_large_answer_is_sent_whole(wire: Wire) -> None:
    event = wire.request(request())
    data = answer() + b"x" * 60000
    wire.stack.respond(event.transaction, 200, data)
    wire.receive(request())
    assert wire.sent == [(wire.caller, data), (wire.caller, data)]


def test_ack_to_a_non_2xx_is_absorbed(wire: Wire) -> None:
    event = wire.request(request("INVITE"))
    wire.stack.respond(event.transaction, 404, answer(404, "INVITE"))
    assert wire.stack.counts().servers == 1
    assert wire.receive(request("ACK", to="<sip:bob@example.com>;tag=bob")) == []
    wire.stack.poll()
    assert wire.stack.counts().servers == wire.stack.counts().transactions == 0


@pytest.mark.parametrize("branch", ["z9hG4bKother", "z9hG4bKcaller"])
def test_ack_to_a_2xx_reaches_the_core_without_a_transaction(wire: Wire, branch: str) -> None:
    """With a branch of its own (RFC 3261), or with the INVITE's as some senders do."""
    event = wire.request(request("INVITE"))
    wire.stack.respond(event.transaction, 200, answer(200, "INVITE"))
    wire.stack.poll()
    ack = wire.request(request("ACK", via=VIA.replace("z9hG4bKcaller", branch)))
    assert (ack.transaction, ack.message.method) == (0, "ACK")


def test_copy_of_an_invite_answered_with_2xx_is_absorbed(wire: Wire) -> None:
    """RFC 6026 7.1, state Accepted; pjsip neither repeats the 2xx by itself nor ends the transaction at once."""
    event = wire.request(request("INVITE"))
    wire.stack.respond(event.transaction, 200, answer(200, "INVITE"))
    wire.stack.poll()
    assert wire.receive(request("INVITE")) == []
    delay = wire.stack.poll()
    assert 31 < delay <= 32


def test_an_invite_whose_ack_never_comes_ends_with_timer_h(wire: Wire) -> None:
    wire.stack.set_timeout(1)
    event = wire.request(request("INVITE"))
    wire.stack.respond(event.transaction, 486, answer(486, "INVITE"))
    while wire.stack.counts().transactions:
        wire.stack.poll()
    assert wire.stack.counts().servers == 0
    assert wire.events == [event]


def test_no_timer_runs_for_a_request_that_waits(wire: Wire) -> None:
    """And provisional answers to INVITE are not repeated each minute, which is for user agents only."""
    wire.request(request())
    event = wire.request(request("INVITE", via=VIA + "2"))
    wire.stack.respond(event.transaction, 180, answer(180, "INVITE"))
    assert wire.stack.poll() is None


def test_ack_without_any_invite_reaches_the_core(wire: Wire) -> None:
    assert wire.request(request("ACK")).transaction == 0
    assert wire.stack.counts().transactions == 0


def test_ack_before_the_answer_is_absorbed(wire: Wire) -> None:
    wire.request(request("INVITE"))
    assert wire.receive(request("ACK")) == []


def test_cancel_has_a_transaction_of_its_own(wire: Wire) -> None:
    invite = wire.request(request("INVITE"))
    cancel = wire.request(request("CANCEL"))
    assert cancel.transaction not in (0, invite.transaction)
    wire.stack.respond(cancel.transaction, 200, answer(200, "CANCEL"))
    wire.stack.respond(invite.transaction, 487, answer(487, "INVITE"))
    assert [data for _, data in wire.sent] == [answer(200, "CANCEL"), answer(487, "INVITE")]


def test_benotify_never_has_a_transaction(wire: Wire) -> None:
    for _ in range(2):
        assert wire.request(request("BENOTIFY")).transaction == 0
    assert wire.stack.counts().transactions == 0


@pytest.mark.parametrize(
    "via",
    [
        "SIP/2.0/TLS 127.0.0.9:5061",
        "SIP/2.0/TLS 127.0.0.9:5061;branch=1",
        "SIP/2.0/TLS 127.0.0.9:5061;branch=",
        "SIP/2.0/TLS host.example.com",
    ],
)
def test_without_the_magic_cookie_requests_match_as_in_rfc_2543(wire: Wire, via: str) -> None:
    event = wire.request(request("INVITE", via=via))
    assert wire.receive(request("INVITE", via=via)) == []
    wire.stack.respond(event.transaction, 486, answer(486, "INVITE"))
    assert wire.receive(request("ACK", via=via, cseq="7 ACK", to="<sip:bob@example.com>;tag=bob")) == []
    wire.stack.poll()
    assert wire.stack.counts().transactions == 0
    assert wire.request(request("INVITE", via=via, call_id="another")).transaction > event.transaction
    assert wire.request(request("INVITE", via=via, call_id="another", cseq="8 INVITE")).transaction
    assert wire.request(request("CANCEL", via=via, call_id="another")).transaction


def test_magic_cookie_and_branch_have_no_case(wire: Wire) -> None:
    wire.request(request(via=VIA))
    assert wire.receive(request(via=VIA.replace("z9hG4bKcaller", "Z9HG4BKCALLER"))) == []


@pytest.mark.parametrize("via", [VIA.replace("127.0.0.9", "127.0.0.7"), VIA.replace("5061", "5062")])
def test_sent_by_is_part_of_the_match(wire: Wire, via: str) -> None:
    """RFC 3261 17.2.3, second rule."""
    wire.request(request())
    assert isinstance(wire.request(request(via=via)), RequestReceived)


@pytest.mark.parametrize("via", [VIA, "SIP/2.0/TLS 127.0.0.9:5061;branch=old"])
def test_one_peer_cannot_meet_the_transaction_of_another(wire: Wire, via: str) -> None:
    first = wire.request(request(via=via))
    second = wire.request(request(via=via), wire.callee)
    assert second.transaction != first.transaction
    wire.stack.respond(second.transaction, 200, answer())
    assert wire.sent == [(wire.callee, answer())]


def test_a_second_connection_of_the_same_peer_does(wire: Wire) -> None:
    wire.request(request("INVITE"))
    sibling = wire.open("127.0.0.9")
    assert wire.receive(request("INVITE"), sibling) == []
    assert wire.request(request("CANCEL"), sibling).transaction


def test_merged_requests_are_both_seen(wire: Wire) -> None:
    """The same request by two ways: other branches, equal From tag, Call-ID and CSeq (RFC 3261 8.2.2.2)."""
    first, second = wire.request(request(via=VIA)), wire.request(request(via=VIA + "2"))
    wire.stack.respond(first.transaction, 200, answer())
    wire.stack.poll()
    wire.stack.respond(second.transaction, 200, answer())
    assert len(wire.sent) == 2


def test_ipv6_and_tcp(wire: Wire) -> None:
    connection = wire.open("2001:db8::9", secure=False)
    event = wire.request(request(via="SIP/2.0/TCP [2001:db8::9]:5060;branch=z9hG4bK6"), connection)
    wire.stack.respond(event.transaction, 200, answer())
    assert wire.sent == [(connection, answer())]


def test_above_the_limit_of_a_connection_503_is_sent_statelessly(wire: Wire) -> None:
    for number in range(10):
        wire.request(request(via=f"{VIA}{number}"))
    assert wire.receive(request(via=f"{VIA}x")) == []
    ((connection, data),) = wire.sent
    assert connection == wire.caller
    assert data.startswith(b"SIP/2.0 503 ") and b"\r\nRetry-After: 5\r\n" in data
    assert wire.receive(request("ACK", via=f"{VIA}y"))[0].transaction == 0
    assert wire.request(request(via=f"{VIA}x"), wire.callee).transaction
    assert wire.stack.counts().servers == 11


def test_above_the_total_limit(wire: Wire) -> None:
    connections = [wire.open(f"127.0.0.{number}") for number in range(20, 24)]
    answers = [
        bool(wire.receive(request(via=f"{VIA}{number}"), connection))
        for connection in connections
        for number in range(9)
    ]
    assert answers == [True] * 30 + [False] * 6


def test_many_connections_of_one_address_leave_room_for_others(wire: Wire) -> None:
    connections = [wire.open("127.0.0.20") for _ in range(4)]
    answers = [
        bool(wire.receive(request(via=f"{VIA}{connection}-{number}"), connection))
        for connection in connections
        for number in range(4)
    ]
    assert answers == [True] * 10 + [False] * 6
    assert wire.request(request()).transaction
    wire.stack.close(connections[0])
    assert not wire.receive(request(via=f"{VIA}again"), connections[1]), "its transactions are still open"
    wire.stack.forget(connections[0])
    assert wire.request(request(via=f"{VIA}again"), connections[1]).transaction


def test_answered_invites_do_not_count_against_their_address(wire: Wire) -> None:
    for connection in (wire.open("127.0.0.20") for _ in range(3)):
        for number in range(9):
            event = wire.request(request("INVITE", via=f"{VIA}{connection}-{number}"), connection)
            wire.stack.respond(event.transaction, 200, answer(200, "INVITE"))
    assert wire.request(request(), wire.open("127.0.0.20")).transaction


def test_an_answered_invite_gives_way_to_a_new_request(wire: Wire) -> None:
    for number in range(25):
        event = wire.request(request("INVITE", via=f"{VIA}{number}"))
        wire.stack.respond(event.transaction, 200, answer(200, "INVITE"))
    assert wire.stack.counts().servers == 10


def test_and_so_it_does_to_requests_of_other_connections(wire: Wire) -> None:
    for connection in (wire.open(f"127.0.0.{number}") for number in range(20, 25)):
        for number in range(9):
            event = wire.request(request("INVITE", via=f"{VIA}{number}"), connection)
            wire.stack.respond(event.transaction, 200, answer(200, "INVITE"))
    assert wire.stack.counts().servers == 30
    assert wire.request(request()).transaction


def test_a_dropped_transaction_is_never_answered(wire: Wire) -> None:
    event = wire.request(request())
    wire.stack.drop(event.transaction)
    wire.stack.drop(event.transaction)
    wire.stack.respond(event.transaction, 200, answer())
    wire.stack.poll()
    assert (wire.sent, wire.stack.counts().transactions) == ([], 0)


def test_an_answer_is_given_although_its_connection_is_gone(wire: Wire) -> None:
    """RFC 3261 18.2.2: whoever writes it finds another way; a copy of the request gets the same one."""
    events = [wire.request(request(method, via=VIA + method)) for method in ("MESSAGE", "INVITE")]
    wire.stack.close(wire.caller)
    assert wire.receive(request(), wire.caller) == []
    for event, method in zip(events, ("MESSAGE", "INVITE"), strict=True):
        wire.stack.respond(event.transaction, 486, answer(486, method))
    assert wire.sent == [(wire.caller, answer(486, "MESSAGE")), (wire.caller, answer(486, "INVITE"))]
    again = wire.open()
    assert wire.receive(request("INVITE", via=VIA + "INVITE"), again) == []
    assert wire.sent[2:] == [(wire.caller, answer(486, "INVITE"))]


def test_a_closed_connection_goes_with_its_last_answer(wire: Wire) -> None:
    event = wire.request(request())
    wire.stack.close(wire.caller)
    assert wire.stack.counts().closed == 1
    wire.stack.respond(event.transaction, 200, answer())
    wire.stack.poll()
    assert (wire.stack.counts().closed, wire.stack.counts().transactions) == (0, 0)


def test_an_address_with_two_certificates_is_two_peers(wire: Wire) -> None:
    """RFC 3261 17.2.3 names sent-by and branch; neither NAT nor a choice of both lets a peer into another one's."""
    one, two = wire.open(names=("one.example",)), wire.open(names=("two.example",))
    assert wire.request(request(), one).transaction != wire.request(request(), two).transaction
    assert wire.receive(request(), wire.open(names=("one.example",))) == [], "a copy, on another connection of the peer"


def test_all_addresses_of_one_network_have_one_share(wire: Wire) -> None:
    connections = [wire.open(f"2001:db8::{number}", share="2001:db8::/64") for number in range(1, 5)]
    answers = [
        bool(wire.receive(request(via=f"{VIA}{connection}-{number}"), connection))
        for connection in connections
        for number in range(4)
    ]
    assert answers == [True] * 10 + [False] * 6
