"""The proxy core in whole conversations (RFC 3261 section 16)."""

from __future__ import annotations

import gc
from typing import get_args

import pytest
from support.messages import CALLER_VIA, answer_to, invite, request, with_lines
from support.playbook import (
    INSIDE,
    OUTSIDE,
    STRANGER,
    Call,
    Captured,
    Leg,
    Play,
    Playbook,
    answers,
    answers_with,
    arrives,
    cancels,
    closes,
    closes_connection,
    fails,
    forwards,
    opens,
    relays,
    responds,
    sends,
    waits,
)
from support.settings import EDGE, INSIDE_PEER, RULES, ZONES, make_settings, with_zone

from sipedge.decision.deciding import Decided
from sipedge.proxy.events import (
    ConfigChanged,
    Event,
    ForwardFailed,
    MalformedReceived,
    ResponseReceived,
    RevocationChanged,
    UnreadableReceived,
)
from sipedge.proxy.incoming import Environment
from sipedge.proxy.proxy import Proxy
from sipedge.proxy.response_context import ResponseContext
from sipedge.sip.message import Message
from zones.table import Egress
from zones.zone import AccessAction, AccessRule, DefaultZone, ExtendedKeyUsage, Hop, TlsPolicy

CALLEE = "<sip:bob@198.51.100.20:5061;transport=tls>"


def established(book: Playbook) -> Message:
    """An INVITE from Inside to Outside up to its ACK; the 200 as the caller got it."""
    leg, told, ack = Leg(), Captured(), Captured()
    (
        book
        >> arrives(invite(), INSIDE)
        << responds(100)
        << forwards(
            leg, zone="Outside", uri="sip:bob@outside.example", contact="<sip:alice@192.0.2.10:5061;transport=tls>"
        )
        >> answers(leg, 100)
        >> answers(leg, 180)
        << responds(180)
        >> answers(leg, 200, contact=CALLEE, body=b"sdp")
        << responds(200, told=told, body=b"sdp", contact=CALLEE)
        >> arrives(in_dialog("ACK", told.message), INSIDE)
        << sends("Outside", ack, uri=CALLEE.strip("<>"), method="ACK", route=None)
    )
    assert ack.message.via.branch != leg.branch  # RFC 3261 17.1.1.3: an ACK to a 2xx is a transaction of its own
    return told.message


def in_dialog(method: str, accepted: Message, number: int = 2, routes: tuple[str, ...] | None = None) -> Message:
    """What the caller sends: its route set is the Record-Route of the 200 turned around."""
    route_set = tuple(reversed(accepted.items("record-route"))) if routes is None else routes
    cseq = f"{1 if method == 'ACK' else number} {method}"
    via = f"SIP/2.0/TLS {INSIDE_PEER}:5061;branch=z9hG4bK{method}{number}"
    to = accepted.first("to") or ""
    return request(method, CALLEE.strip("<>"), to=to, routes=route_set, cseq=cseq, via=via)


def back_in_dialog(method: str, accepted: Message, number: int = 1) -> Message:
    """What the callee sends: From and To are swapped, its route set is the Record-Route as it stands."""
    return request(
        method,
        "sip:alice@192.0.2.10:5061;transport=tls",
        from_=accepted.first("to") or "",
        to=accepted.first("from") or "",
        routes=(", ".join(accepted.items("record-route")),),
        cseq=f"{number} {method}",
        via=f"SIP/2.0/TLS 198.51.100.20:5061;branch=z9hG4bKback{method}{number}",
    )


# ------------------------------------------------------------------------------------------------------------- dialogs


def test_a_session_from_invite_to_bye(play: Play) -> None:
    book = play()
    accepted = established(book)
    for method in ("MESSAGE", "INFO", "UPDATE", "PRACK", "BYE"):
        leg = Leg()
        (
            book
            >> arrives(in_dialog(method, accepted), INSIDE)
            << forwards(leg, zone="Outside", route=None, record_route=None)
        )
        book >> answers(leg, 200) << responds(200)
    assert [entry.route for entry in book.entries] == ["", *["Outside"] * 6]


def test_the_callee_may_speak_first_and_end_it(play: Play) -> None:
    book = play()
    accepted = established(book)
    for method in ("MESSAGE", "INFO", "BYE"):
        leg = Leg()
        book >> arrives(back_in_dialog(method, accepted), OUTSIDE) << forwards(leg, zone="Inside", route=None)
        book >> answers(leg, 200, connection=INSIDE) << responds(200)


def test_a_reinvite_of_the_callee(play: Play) -> None:
    book = play()
    accepted = established(book)
    leg, ack = Leg(), Captured()
    book >> arrives(back_in_dialog("INVITE", accepted), OUTSIDE) << responds(100) << forwards(leg, zone="Inside")
    assert len(leg.message.items("record-route")) == 2
    book >> answers(leg, 200, connection=INSIDE) << responds(200)
    book >> arrives(back_in_dialog("ACK", accepted), OUTSIDE) << sends("Inside", ack)


def test_a_dialog_survives_a_restart_and_any_connection_of_its_side_will_do(play: Play) -> None:
    accepted = established(play())
    leg, back = Leg(), Leg()
    book = play() >> opens(30, INSIDE_PEER) >> arrives(in_dialog("BYE", accepted), 30) << forwards(leg, zone="Outside")
    book >> arrives(back_in_dialog("BYE", accepted), OUTSIDE) << forwards(back, zone="Inside")


def test_a_dialog_survives_a_reload_and_other_rules(play: Play) -> None:
    book = play()
    accepted = established(book)
    book >> ConfigChanged(make_settings("", with_zone(ZONES, "Outside", hop_count=20)))
    (book >> waits(1)).drain()
    book >> arrives(in_dialog("BYE", accepted), INSIDE) << forwards(Leg(), zone="Outside", max_forwards="20")
    book >> arrives(request(), INSIDE) << responds(404)


def test_with_another_secret_it_does_not(play: Play) -> None:
    accepted = established(play())
    book = play(make_settings(secret=b"another secret, long enough"))
    book >> arrives(in_dialog("BYE", accepted), INSIDE) << responds(404)


def test_a_request_in_flight_at_a_reload_gets_its_answer(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> ConfigChanged(make_settings("", ZONES[:1]))
    book >> answers(leg, 200) << responds(200)


# ------------------------------------------------------------------------------------------------------------ RFC 2543


@pytest.mark.parametrize(
    "via", ["SIP/2.0/TLS 192.0.2.10", "SIP/2.0/TLS 192.0.2.10;branch=1", "SIP/2.0/TLS 192.0.2.10:5061"]
)
def test_messages_of_rfc_2543(play: Play, via: str) -> None:
    """No branch or no cookie, no tags: forwarded, answered, and a CANCEL finds its INVITE."""
    leg, call, told = Leg(), Call(), Captured()
    fields = {"via": via, "from_": "sip:alice@inside.example", "to": "sip:bob@outside.example"}
    (
        play()
        >> arrives(invite(**fields), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180, tag="b")
        << responds(180)
        >> arrives(request("CANCEL", **fields), INSIDE)  # type: ignore[arg-type]
        << responds(200)
        << cancels(leg)
        >> answers(leg, 487, tag="b")
        << responds(487, to=call, told=told)
    )
    assert told.message.values("via") == [via]


# --------------------------------------------------------------------------------------------- late and stray responses


def test_late_responses_are_dropped(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(request()) << forwards(leg) >> answers(leg, 200) << responds(200)
    book >> answers(leg, 200, stray=True) >> answers(leg, 404, stray=True) >> fails(leg, 408)


def test_made_up_responses_are_dropped(play: Play) -> None:
    book = play()
    for status in (100, 180, 200, 404):
        book >> ResponseReceived(
            "z9hG4bKmade-up", OUTSIDE, answer_to(request(via=(CALLER_VIA, CALLER_VIA)), status), True
        )
    book >> ForwardFailed("z9hG4bKmade-up", 503, "x")


def test_a_repeated_2xx_counts_only_from_where_the_first_came_from(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg) >> answers(leg, 200) << responds(200)
    book >> answers(leg, 200, connection=INSIDE, stray=True)
    book >> answers_with(leg, with_lines(answer_to(leg.message, 200), (b" INVITE", b" BYE")), stray=True)
    book >> answers(leg, 200, stray=True) << relays(INSIDE)


def test_an_accepted_invite_does_not_keep_its_bytes(play: Play) -> None:
    leg = Leg()
    message = invite()
    book = play() >> arrives(message) << responds(100) << forwards(leg) >> answers(leg, 200) << responds(200)
    waiting = [holder for holder in gc.get_referrers(message) if isinstance(holder, Decided | ResponseContext)]
    assert waiting == []
    book >> answers(leg, 200, stray=True) << relays(INSIDE)


def test_a_response_with_one_via_is_not_forwarded(play: Play) -> None:
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg)
    short = with_lines(answer_to(leg.message, 180), (f"Via: {CALLER_VIA}\r\n".encode(), b""))
    book >> answers_with(leg, short) >> answers(leg, 200) << responds(200)
    joined = with_lines(answer_to(leg.message, 200), (b"\r\nVia: SIP/2.0/TLS 192", b", SIP/2.0/TLS 192"))
    book >> answers_with(leg, joined, stray=True) << relays(INSIDE)
    assert [log.level for log in book.log] == ["warning"]


def test_responses_to_what_the_edge_sent_itself_have_no_context(play: Play) -> None:
    book, told = play(), Captured()
    accepted = established(book)
    book >> arrives(in_dialog("BENOTIFY", accepted), INSIDE) << sends("Outside", told)
    book >> ResponseReceived(told.message.via.branch, OUTSIDE, answer_to(told.message, 200), True)


# ------------------------------------------------------------------------------------------------- things that go wrong


def test_a_connection_that_closes_in_the_middle(play: Play) -> None:
    leg = Leg()
    book = (
        play() >> arrives(request()) << forwards(leg) >> fails(leg, 503) << responds(500) >> closes_connection(OUTSIDE)
    )
    book >> arrives(request(), OUTSIDE)  # the last that was read from it


def test_a_caller_that_is_gone(play: Play) -> None:
    leg = Leg()
    book = (
        play() >> arrives(request()) << forwards(leg) >> closes_connection(INSIDE) >> answers(leg, 200) << responds(200)
    )
    assert book.proxy.is_quiet()


def test_every_event_is_taken() -> None:
    environment = Environment(lambda: "id", lambda: 0.5, bytes, {})
    assert Proxy(make_settings(), environment).events == set(get_args(Event))


def test_an_exception_is_logged_answered_500_and_the_next_event_works(play: Play) -> None:
    book = play()
    book.forgives = True
    broken = request()
    broken.uri = None  # type: ignore[assignment]
    book >> arrives(broken) << responds(500)
    assert book.log[0].level == "error" and book.log[0].error is not None and "RequestReceived" in book.log[0].text
    book >> arrives(request()) << forwards(Leg())


def test_an_exception_in_a_timer_is_logged(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    book = play()
    book.forgives = True
    monkeypatch.setattr(book.proxy.upkeep, "tick", lambda now, out: 1 / 0)
    book >> waits(100)
    assert "ZeroDivisionError" in book.log[0].text


def test_malformed_requests_get_400_with_the_place(play: Play) -> None:
    told = Captured()
    book = play() >> MalformedReceived(INSIDE, request(), "To", 5, 12) << relays(INSIDE, told)
    assert told.message.status == 400
    assert told.message.first("warning") == f'399 {EDGE}:5061 "malformed header To at line 5, column 12"'
    assert told.message.to_tag
    book >> MalformedReceived(INSIDE, request(via="SIP/2.0/TLS a:b:c"), "Via", 2, 1) << relays(INSIDE)
    assert len(book.log) == 2


def test_a_header_that_is_missing_has_no_place(play: Play) -> None:
    told = Captured()
    play() >> MalformedReceived(INSIDE, request(), "Call-ID", 0, 0) << relays(INSIDE, told)
    assert told.message.first("warning") == f'399 {EDGE}:5061 "there is no usable Call-ID"'


@pytest.mark.parametrize("method", ["CANCEL", "INVITE"])
def test_a_via_that_only_pjsip_can_read_is_answered_400(play: Play, method: str) -> None:
    book = play() >> arrives(request(method, via="SIP/2.0/TLS a.example:0;branch=z9hG4bK1")) << responds(400)
    assert book.proxy.is_quiet()


@pytest.mark.parametrize("method", ["ACK", "BENOTIFY"])
def test_malformed_ones_without_a_response_get_none(play: Play, method: str) -> None:
    play() >> MalformedReceived(INSIDE, request(method), "To", 5, 12)


def test_malformed_responses_and_those_of_closed_connections_get_none(play: Play) -> None:
    book = play() >> MalformedReceived(INSIDE, answer_to(request(), 200), "", 1, 0)
    book >> MalformedReceived(99, request(), "To", 1, 1)
    book >> MalformedReceived(INSIDE, with_lines(request(), (b"Via:", b"Vie:")), "Via", 0, 0)


def test_unreadable_requests_get_an_answer_as_far_as_possible(play: Play) -> None:
    told = Captured()
    head = request().head.replace(b"SIP/2.0", b"SIP/7.0", 1)
    book = play() >> UnreadableReceived(INSIDE, head, 505, "the version is not SIP/2.0") << relays(INSIDE, told)
    assert told.message.status == 505
    book >> UnreadableReceived(INSIDE, b"x\r\n\r\n", 400, "x") >> UnreadableReceived(99, head, 505, "x")


# --------------------------------------------------------------------------------------------------------- connections


def zone_of(book: Playbook, connection: int) -> str:
    book >> arrives(request("NEGOTIATE"), connection) << responds(405)
    return book.entries[-1].zone


def test_the_zone_of_a_connection(play: Play) -> None:
    book = play()
    assert [zone_of(book, number) for number in (INSIDE, OUTSIDE, STRANGER)] == ["Inside", "Outside", "Default Zone"]
    book >> opens(40, "192.0.2.200", zone="Outside")
    assert zone_of(book, 40) == "Outside"
    assert {peer.connection: peer.zone for peer in book.proxy.peers()}[40] == "Outside"
    peer = book.proxy.peer(40)
    assert peer is not None and peer.address == "192.0.2.200"
    assert book.proxy.peer(41) is None


def test_a_neighbour_with_another_certificate_is_closed(play: Play) -> None:
    book = play() >> opens(40, INSIDE_PEER, names=("mallory.example",)) << closes(40)
    assert "mallory.example" in book.log[0].text
    assert book.proxy.refused == {"Inside": 1}
    book >> arrives(request(), 40)


def test_access_rules_of_the_default_zone(play: Play) -> None:
    rules = (AccessRule("friends", 1, lambda name: name.endswith(".friend.example"), AccessAction.ALLOW),)
    book = play(make_settings(RULES, (*ZONES, DefaultZone(access_rules=rules))))
    book.drain()
    book >> opens(40, names=("sip.friend.example",)) >> opens(41, names=("sip.other.example",)) << closes(41)
    assert zone_of(book, 40) == "Default Zone"


def test_a_zone_may_ask_for_a_newer_tls(play: Play) -> None:
    strict = with_zone(ZONES, "Inside", tls=TlsPolicy(minimum_version="1.3"))
    book = play(make_settings(zones=strict)) >> opens(40, INSIDE_PEER, tls_version="1.2") << closes(40)
    assert "below the minimum" in book.log[-1].text
    book >> opens(41, INSIDE_PEER, tls_version="1.3")


def test_a_certificate_that_is_only_warned_of(play: Play) -> None:
    lenient = TlsPolicy(extended_key_usage=ExtendedKeyUsage.WARN)
    book = play(make_settings(zones=with_zone(ZONES, "Inside", tls=lenient)))
    book >> opens(40, INSIDE_PEER, key_usages=frozenset({"1.3.6.1.5.5.7.3.1"}))
    assert zone_of(book, 40) == "Inside"
    assert book.log[0].level == "warning"


def test_a_reload_decides_anew_where_connections_belong(play: Play) -> None:
    book = play() >> opens(40, "198.51.100.20", zone="Outside")
    book >> ConfigChanged(make_settings("", ZONES[:1])) << closes(40)
    assert [zone_of(book, number) for number in (INSIDE, OUTSIDE)] == ["Inside", "Default Zone"]
    rules = (AccessRule("nobody", 1, lambda name: False, AccessAction.ALLOW),)
    book >> ConfigChanged(make_settings("", (*ZONES, DefaultZone(access_rules=rules))))
    book << closes(STRANGER)
    assert zone_of(book, OUTSIDE) == "Outside"


def test_a_peer_whose_certificate_is_revoked_in_its_zone(play: Play) -> None:
    book = play()
    book.revocation = {(40, "Inside"): Egress(refused="it is revoked"), (41, "Inside"): Egress(warning="no list")}
    book >> opens(40, INSIDE_PEER) << closes(40)
    assert book.proxy.refused == {"Inside": 1} and "refused: it is revoked" in book.log[-1].text
    book >> opens(41, INSIDE_PEER)
    assert book.log[-1].text.endswith("no list") and zone_of(book, 41) == "Inside"


def test_new_revocation_lists_end_open_connections_in_both_directions(play: Play) -> None:
    book = play() >> opens(40, INSIDE_PEER) >> opens(41, "198.51.100.20", zone="Outside") >> RevocationChanged()
    book.revocation = {(number, zone): Egress(refused="r") for number in (40, 41) for zone in ("Inside", "Outside")}
    book >> RevocationChanged() << closes(40) << closes(41)


def test_the_certificate_of_a_peer_that_the_edge_connected_to(play: Play) -> None:
    book = play()
    hop = Hop("Outside", "TLS", "198.51.100.20", 5061, "198.51.100.20")
    assert book.proxy.egress(hop, ("198.51.100.20",), None) == Egress()
    assert book.proxy.egress(hop, ("mallory.example",), None).refused


def test_deadlines(play: Play) -> None:
    book = play()
    assert book.proxy.next_deadline() is None
    leg = Leg()
    book >> arrives(invite()) << responds(100) << forwards(leg)
    assert book.proxy.next_deadline() == book.now + 181.0
    assert not book.proxy.is_quiet()
    book >> answers(leg, 486) << responds(486)
    assert book.proxy.is_quiet()
