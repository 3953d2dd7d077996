"""Client transactions through the real pjsip: RFC 3261 17.1."""

from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import forwarded, request, response

from sipedge.pjsip.declarations import StackError
from sipedge.proxy.events import ConnectionForgotten, ForwardFailed, HopLost
from sipedge.sip.message import parse_message

Wire = Any
BRANCH = "z9hG4bKedge"


def forward(wire: Wire, method: str = "MESSAGE", branch: str = BRANCH, **more: Any) -> bytes:
    data = forwarded(method, branch, **more)
    assert wire.forward(branch, parse_message(data))
    assert wire.sent.pop() == (wire.callee, data)
    return data


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "NOTIFY", "X-" + "long" * 50])
def test_exact_bytes_are_forwarded_and_the_response_names_the_branch(wire: Wire, method: str) -> None:
    forward(wire, method)
    event = wire.response(response(200, method, body="hi"))
    assert (event.branch, event.connection, event.stray) == (BRANCH, wire.callee, False)
    assert (event.message.status, event.message.body) == (200, b"hi")
    wire.stack.poll()
    assert wire.stack.counts().clients == wire.stack.counts().transactions == 0
    assert wire.events == [event]


def test_a_large_request_is_sent_whole(wire: Wire) -> None:
    message = parse_message(forwarded(extra=("X-Long: " + "x" * 30000,)) + b"y" * 30000)
    assert wire.forward(BRANCH, message)
    assert wire.sent == [(wire.callee, message.to_bytes())]


def test_provisional_responses_then_a_final_one(wire: Wire) -> None:
    forward(wire, "INVITE")
    statuses = [100, 180, 183, 180, 200]
    events = [wire.response(response(status, "INVITE")) for status in statuses]
    assert [event.message.status for event in events] == statuses
    assert not any(event.stray for event in events)


def test_a_further_2xx_to_invite_is_stray(wire: Wire) -> None:
    """RFC 6026: the core relays it although pjsip's transaction has ended."""
    forward(wire, "INVITE")
    assert not wire.response(response(200, "INVITE")).stray
    assert wire.response(response(200, "INVITE")).stray
    wire.stack.poll()
    event = wire.response(response(200, "INVITE"))
    assert (event.branch, event.stray) == (BRANCH, True)


def test_a_response_to_nothing_is_stray(wire: Wire) -> None:
    assert wire.response(response(branch="z9hG4bKNobody")).branch == "z9hG4bKNobody"
    assert wire.events[0].stray


def test_a_late_copy_of_a_final_response_is_absorbed_then_stray(wire: Wire) -> None:
    forward(wire)
    wire.response(response())
    assert wire.receive(response(), wire.callee) == []
    wire.stack.poll()
    assert wire.response(response()).stray


def test_branches_have_no_case(wire: Wire) -> None:
    forward(wire)
    event = wire.response(response(branch=BRANCH.upper()))
    assert (event.branch, event.stray) == (BRANCH, False)


def test_a_response_from_another_peer_is_dropped(wire: Wire) -> None:
    forward(wire)
    assert wire.receive(response(), wire.caller) == []
    assert not wire.response(response()).stray


@pytest.mark.parametrize("cseq", ["7 INVITE", "7 ACK", "7 message", "7 MESSAGES"])
def test_a_response_with_another_method_leaves_the_transaction_alone(wire: Wire, cseq: str) -> None:
    forward(wire)
    assert wire.malformed(response(cseq=cseq), wire.callee) == ("CSeq", 7, 1)
    assert not wire.response(response()).stray


def test_ack_in_a_response_without_a_transaction_is_malformed(wire: Wire) -> None:
    assert wire.malformed(response(cseq="7 ACK"), wire.callee)[0] == "CSeq"


@pytest.mark.parametrize("status", [300, 404, 503, 603])
def test_a_non_2xx_to_invite_is_acknowledged(wire: Wire, status: int) -> None:
    routes = ("Route: <sip:proxy.example.com;lr>",)
    forward(wire, "INVITE", extra=routes)
    wire.response(response(100, "INVITE"))
    assert wire.sent == []
    wire.response(response(status, "INVITE", reason="No"))
    ((connection, ack),) = wire.sent
    assert connection == wire.callee
    assert ack.decode().split("\r\n") == [
        "ACK sip:bob@example.com SIP/2.0",
        "Via: SIP/2.0/TLS edge.example.com:5061;branch=z9hG4bKedge",
        "Max-Forwards: 70",
        "Route: <sip:proxy.example.com;lr>",
        'From: "Alice" <sip:alice@example.org>;tag=alice',
        "To: <sip:bob@example.com>;tag=bob",
        "Call-ID: call@127.0.0.9",
        "CSeq: 7 ACK",
        "Content-Length: 0",
        "",
        "",
    ]
    wire.receive(response(status, "INVITE", reason="No"), wire.callee)
    assert wire.sent[1:] == [(wire.callee, ack)]
    assert len(wire.events) == 2


def test_neither_2xx_nor_other_methods_are_acknowledged(wire: Wire) -> None:
    forward(wire, "INVITE")
    wire.response(response(200, "INVITE"))
    forward(wire, "MESSAGE", BRANCH + "2")
    wire.response(response(404, branch=BRANCH + "2"))
    assert wire.sent == []


def test_an_ack_longer_than_pjsip_can_print(wire: Wire) -> None:
    routes = tuple(f"Route: <sip:proxy{number}.example.com;lr;opaque={'x' * 3000}>" for number in range(10))
    forward(wire, "INVITE", extra=routes)
    wire.response(response(404, "INVITE"))
    ((_, ack),) = wire.sent
    assert ack.count(b"\r\nRoute: ") == 10


def test_cancel_goes_where_the_request_went(wire: Wire) -> None:
    forward(wire, "INVITE")
    wire.response(response(100, "INVITE"))
    cancel = forwarded("CANCEL")
    wire.stack.cancel(BRANCH, wire.callee, cancel)
    wire.stack.cancel(BRANCH, wire.callee, cancel)
    assert wire.sent == [(wire.callee, cancel)]
    assert wire.receive(response(200, "CANCEL"), wire.callee) == []
    assert wire.receive(response(200, "CANCEL"), wire.callee) == []
    assert wire.response(response(487, "INVITE")).message.status == 487
    wire.stack.cancel(BRANCH, wire.callee, cancel)
    assert len(wire.sent) == 2  # the CANCEL and the ACK


def test_cancel_of_an_unknown_branch_does_nothing(wire: Wire) -> None:
    wire.stack.cancel("z9hG4bKnobody", wire.callee, forwarded("CANCEL", "z9hG4bKnobody"))
    assert wire.sent == []


def test_an_unanswered_cancel_fails_silently(wire: Wire) -> None:
    forward(wire, "INVITE")
    wire.response(response(100, "INVITE"))
    wire.stack.set_timeout(1)
    wire.stack.cancel(BRANCH, wire.callee, forwarded("CANCEL"))
    while wire.stack.counts().transactions > 1:
        wire.stack.poll()
    assert len(wire.events) == 1
    assert wire.stack.counts().clients == 1


def test_abandoned_transactions_say_nothing_more(wire: Wire) -> None:
    forward(wire, "INVITE")
    wire.stack.abandon(BRANCH)
    wire.stack.abandon(BRANCH)
    wire.stack.poll()
    assert wire.events == []
    assert wire.response(response(180, "INVITE")).stray


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE"])
def test_without_any_response_it_fails_with_408(wire: Wire, method: str) -> None:
    wire.stack.set_timeout(1)
    forward(wire, method)
    while wire.stack.counts().transactions:
        wire.stack.poll()
    (event,) = wire.events
    assert isinstance(event, ForwardFailed)
    assert (event.branch, event.status) == (BRANCH, 408)


def test_a_provisional_response_does_not_stop_timer_f(wire: Wire) -> None:
    wire.stack.set_timeout(1)
    forward(wire)
    wire.response(response(100))
    while wire.stack.counts().transactions:
        wire.stack.poll()
    assert wire.events[1].status == 408


def test_a_provisional_response_stops_timer_b(wire: Wire) -> None:
    forward(wire, "INVITE")
    assert 31 < wire.stack.poll() <= 32
    wire.response(response(100, "INVITE"))
    assert wire.stack.poll() is None


def test_requests_outlive_their_connection(wire: Wire) -> None:
    """RFC 3261 18.1.1: what was asked may be answered on another connection, and its ACK goes there."""
    forward(wire, "INVITE")
    wire.response(response(180, "INVITE"))
    forward(wire, "MESSAGE", BRANCH + "2")
    wire.clear()
    wire.stack.close(wire.callee)
    assert {event.branch for event in wire.events} == {BRANCH, BRANCH + "2"}
    assert (wire.stack.counts().clients, wire.stack.counts().closed) == (2, 1)
    assert wire.stack.connection_of(BRANCH) == 0
    wire.clear()
    again = wire.open("127.0.0.8")
    wire.may_answer = lambda branch, connection: (branch, connection) == (BRANCH, again)
    assert wire.receive(response(200, branch=BRANCH + "2"), again) == []
    (busy,) = wire.receive(response(486, "INVITE"), again)
    assert (busy.branch, busy.connection, busy.stray) == (BRANCH, again, False)
    ((connection, ack),) = wire.sent
    assert (connection, ack[:4]) == (again, b"ACK ")


def test_a_cancel_follows_on_a_new_connection(wire: Wire) -> None:
    forward(wire, "INVITE")
    wire.response(response(180, "INVITE"))
    wire.stack.close(wire.callee)
    again = wire.open("127.0.0.8")
    wire.stack.cancel(BRANCH, again, forwarded("CANCEL"))
    assert wire.sent == [(again, forwarded("CANCEL"))]


def test_a_closed_connection_goes_with_its_last_request(wire: Wire) -> None:
    wire.stack.set_timeout(1)
    forward(wire)
    wire.stack.close(wire.callee)
    while wire.stack.counts().transactions:
        wire.stack.poll()
    lost, failed, forgotten = wire.events
    assert (lost, failed) == (HopLost(BRANCH), ForwardFailed(BRANCH, 408, "no final response in time"))
    assert forgotten == ConnectionForgotten(wire.callee)
    assert wire.stack.counts().closed == 0
    assert not wire.stack.forward(BRANCH, wire.callee, forwarded(), b"")


def test_a_branch_in_use_is_refused(wire: Wire) -> None:
    forward(wire)
    assert not wire.forward(BRANCH, parse_message(forwarded()))
    assert not wire.forward(BRANCH.upper(), parse_message(forwarded()))
    assert wire.sent == []


@pytest.mark.parametrize("branch", ["", "z9hG4bK" + "x" * 250])
def test_an_unusable_branch_is_refused(wire: Wire, branch: str) -> None:
    assert not wire.forward(branch, parse_message(forwarded(branch=branch)))


def test_too_many_transactions_are_refused(wire: Wire) -> None:
    for number in range(30):
        forward(wire, branch=f"{BRANCH}{number}")
    assert not wire.forward(BRANCH, parse_message(forwarded()))


@pytest.mark.parametrize("method", ["ACK", "BENOTIFY"])
def test_methods_without_an_answer_are_a_mistake(wire: Wire, method: str) -> None:
    with pytest.raises(StackError, match=method):
        wire.forward(BRANCH, parse_message(request(method)))
