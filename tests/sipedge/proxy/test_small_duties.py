"""Small duties of a proxy, each with the section that asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.messages import answer_to, invite, notify, request, with_lines
from support.playbook import (
    FROM_STRANGER,
    INSIDE,
    OUTSIDE,
    PEERS,
    STRANGER,
    Call,
    Captured,
    Leg,
    Play,
    abandons,
    answers,
    answers_with,
    arrives,
    forwards,
    opens,
    responds,
    sends,
    waits,
)
from support.settings import EDGE, RULES, ZONES, forking, make_settings, rule

from sipedge.proxy.events import ForwardFailed, MalformedReceived, UnreadableReceived
from sipedge.settings import Listener
from zones.zone import Credential, DefaultZone, DnsZone, TlsPolicy, TraversalServerZone


def test_a_slow_request_gets_a_100_so_that_nobody_repeats_it(play: Play) -> None:
    """RFC 4320 4.1."""
    slow, quick = Leg(), Leg()
    first = Call()
    book = play() >> arrives(request(call_id="1"), call=first) << forwards(slow)
    book >> arrives(request(call_id="2")) << forwards(quick) >> answers(quick, 200) << responds(200)
    book >> waits(3.4)
    book.settle()
    book >> waits(0.1) << responds(100, to=first) >> waits(100) >> answers(slow, 200) << responds(200, to=first)


def test_what_is_answered_in_time_sets_no_alarm(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> answers(leg, 200) << responds(200)
    deadline = book.proxy.next_deadline()
    assert deadline is None or deadline > book.now + 4


def test_a_cancelled_request_that_was_never_sent_is_over_at_once(play: Play) -> None:
    """RFC 3261 9.2, 16.10: nobody has to be asked who has seen nothing."""
    leg, call = Leg(), Call()
    book = play() >> arrives(invite(), call=call) << responds(100) << forwards(leg)
    book >> arrives(request("CANCEL")) << responds(200)
    assert book.withdrawn == [leg.branch]
    book >> ForwardFailed(leg.branch, 487, "withdrawn before it was sent") << responds(487, to=call)


@pytest.mark.parametrize("sent_by", [b"198.51.100.20:5061", b"203.0.113.1:0"])
@pytest.mark.parametrize("status", [180, 200])
def test_a_response_whose_topmost_via_is_anothers_is_dropped(play: Play, sent_by: bytes, status: int) -> None:
    """RFC 3261 18.1.2. A final one has ended its transaction: the caller is told."""
    leg, call = Leg(), Call()
    book = play() >> arrives(invite(), call=call) << responds(100) << forwards(leg)
    own = leg.message.lines[leg.message.index["via"][0]]
    foreign = with_lines(answer_to(leg.message, status), (own, own.replace(b"203.0.113.1:5061", sent_by)))
    book >> answers_with(leg, foreign)
    assert "names somebody else" in book.log[0].text
    if status >= 200:
        book << responds(502, to=call)
    else:
        book >> answers(leg, 200) << responds(200, to=call)


@pytest.mark.parametrize("place", ["framing", "pjsip"])
def test_a_final_response_that_cannot_be_read_is_a_502(play: Play, place: str) -> None:
    leg, told = Leg(), Captured()
    book = play() >> arrives(request()) << forwards(leg)
    answer = answer_to(leg.message, 200)
    if place == "framing":
        book >> UnreadableReceived(OUTSIDE, answer.head, 513, "a line is longer than 16384 bytes (line 3)")
    else:
        book >> MalformedReceived(OUTSIDE, answer, "Contact", 3, 1)
    book << abandons(leg) << responds(502, told=told)
    assert "the next hop sent a response that cannot be read" in (told.message.first("warning") or "")


def test_only_a_final_response_of_the_next_hop_ends_a_request_so(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg)
    final, ringing = answer_to(leg.message, 200).head, answer_to(leg.message, 180).head
    for connection, head in (
        (STRANGER, final),
        (OUTSIDE, ringing),
        (OUTSIDE, final.replace(b"SIP/2.0 200", b"SIP/2.0 x")),
        (OUTSIDE, final.replace(b"Via: SIP/2.0/TLS", b"Via: nothing")),
        (OUTSIDE, b"SIP/2.0 200 OK\r\n\r\n"),
        (OUTSIDE, final.replace(leg.branch.encode(), b"z9hG4bKother")),
    ):
        book >> UnreadableReceived(connection, head, 400, "no colon")
    book >> answers(leg, 200) << responds(200)


def breadths(*legs: Leg) -> list[str | None]:
    return [leg.message.first("max-breadth") for leg in legs]


@pytest.mark.parametrize(("received", "each"), [(None, "30"), ("60", "30"), ("5", "2"), ("2", "1")])
def test_branches_share_what_max_breadth_allows(play: Play, received: str | None, each: str) -> None:
    """RFC 5393 5.3.3."""
    one, two = Leg(), Leg()
    extra = () if received is None else (f"Max-Breadth: {received}",)
    play(forking()) >> arrives(request(extra=extra)) << forwards(one) << forwards(two)
    assert breadths(one, two) == [each, each]


def test_a_request_that_is_not_forked_keeps_its_max_breadth(play: Play) -> None:
    one, two = Leg(), Leg()
    play() >> arrives(request(extra=("Max-Breadth: 7",))) << forwards(one) >> arrives(request()) << forwards(two)
    assert breadths(one, two) == ["7", None]


@pytest.mark.parametrize(("settings", "breadth"), [(forking(), "1"), (make_settings(), "0")])
def test_too_many_targets_at_once_are_440(play: Play, settings: object, breadth: str) -> None:
    play(settings) >> arrives(request(extra=(f"Max-Breadth: {breadth}",))) << responds(440)


def test_a_max_breadth_that_is_no_number_is_refused(play: Play) -> None:
    play() >> arrives(request(extra=("Max-Breadth: many",))) << responds(400)


def test_a_request_without_response_is_not_forked_beyond_max_breadth(play: Play) -> None:
    play(forking()) >> arrives(notify("BENOTIFY", extra=("Max-Breadth: 1",)))
    book = play(forking()) >> arrives(notify("BENOTIFY", extra=("Max-Breadth: 4",)))
    book << sends("Outside", max_breadth="2") << sends("Third", max_breadth="2")


def test_udp_is_told_to_be_another_transport_here(play: Play) -> None:
    """RFC 3263 4.1."""
    book = play() >> arrives(request(uri="sip:bob@outside.example;transport=udp")) << forwards(Leg())
    assert [log.text for log in book.log] == [
        "sip:bob@outside.example;transport=udp asks for UDP, which is not spoken here: it goes over TLS"
    ]


def test_strangers_learn_nothing_of_the_inside_from_a_warning(play: Play) -> None:
    """Zones, hosts and DNS queries are in the log only; a neighbor is told all."""
    plan = RULES + rule("dns", "Internet", r".*@gone\.example", source_zone='"Default Zone"')
    settings = make_settings(plan, (*ZONES, DefaultZone(), DnsZone(name="Internet")))
    for connection, shown in ((STRANGER, "the next hop is not available"), (INSIDE, "connection refused by 10.1.2.3")):
        leg, told = Leg(), Captured()
        message = request(uri="sip:bob@inside.example", from_=FROM_STRANGER)
        book = play(settings) >> arrives(message, connection) << forwards(leg)
        book >> ForwardFailed(leg.branch, 503, "connection refused by 10.1.2.3") << responds(500, told=told)
        assert (told.message.first("warning") or "").partition(" ")[2].partition(" ")[2] == f'"{shown}"'


def test_what_the_edge_refuses_is_logged_with_all_of_why(play: Play) -> None:
    """Also what strangers are not told."""
    settings = make_settings(RULES, (*ZONES, DefaultZone()))
    leg = Leg()
    message = request(uri="sip:bob@inside.example", from_=FROM_STRANGER)
    book = play(settings) >> arrives(message, STRANGER) << forwards(leg)
    book >> ForwardFailed(leg.branch, 503, "connection refused by 10.1.2.3") << responds(500)
    book >> arrives(request(uri="mailto:bob@inside.example", call_id="2")) << responds(416)
    assert [(log.level, log.text, log.source) for log in book.log if "refused: " in log.text] == [
        (
            "info",
            'MESSAGE for bob@inside.example from zone "Default Zone" is refused: 500 connection refused by 10.1.2.3',
            PEERS[STRANGER],
        ),
        (
            "info",
            'MESSAGE for mailto:bob@inside.example from zone "Inside" is refused: 416 the scheme mailto: is not routed '
            "here, only sip: and sips:",
            PEERS[INSIDE],
        ),
    ]


def test_what_another_refuses_and_what_a_caller_gave_up_is_no_line(play: Play) -> None:
    leg, call = Leg(), Call()
    book = play() >> arrives(request()) << forwards(leg) >> answers(leg, 404) << responds(404)
    book >> arrives(invite(call_id="2"), call=call) << responds(100) << forwards(leg)
    book >> arrives(request("CANCEL", call_id="2")) << responds(200)
    book >> ForwardFailed(leg.branch, 487, "withdrawn before it was sent") << responds(487, to=call)
    assert {log.level for log in book.log} == {"debug"}


def test_what_an_unauthenticated_traversal_connection_asks_for_is_a_line_and_a_decision(play: Play) -> None:
    verify = TlsPolicy(subject_names=(PEERS[STRANGER],))
    zone = TraversalServerZone(name="Traversal", credential=Credential("u", "p"), tls=verify)
    settings = make_settings(zones=(*ZONES, zone))
    settings = replace(settings, listeners=(*settings.listeners, Listener("t", EDGE, 7001, zone="Traversal")))
    book = play(settings) >> opens(40, listener="t") >> arrives(request(), 40) << responds(403)
    assert book.log[-1].text.endswith(
        'from zone "Traversal" is refused: 403 this traversal connection is not authenticated'
    )
    assert [(entry.zone, entry.status) for entry in book.concluded] == [("Traversal", 403)]


def test_no_alias_makes_a_line_long(play: Play) -> None:
    book = play() >> arrives(request(uri=f"sip:{'b' * 5000}@nowhere.example")) << responds(404)
    assert len(book.log[0].text) < 400
