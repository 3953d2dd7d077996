"""Calls of b2bua zones: what each party sees, and that all finds its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.b2bua import Conversation, End, b2bua, called, talking
from support.messages import SDP_IM, answer_to, invite, request
from support.playbook import (
    FROM_STRANGER,
    INSIDE,
    OUTSIDE,
    STRANGER,
    Call,
    Captured,
    Leg,
    Play,
    Playbook,
    answers_with,
    arrives,
    closes_connection,
    fails,
    forwards,
    opens,
    responds,
    sends,
    waits,
)
from support.settings import RULES, THIRD, ZONES, forking, make_settings, rule, with_zone

from sipedge.proxy.commands import Forward
from sipedge.proxy.events import ConfigChanged
from sipedge.settings import Limits
from sipedge.sip.message import Message
from zones.zone import Topology

BOTH = pytest.mark.parametrize("zones", [("Inside",), ("Outside",), ("Inside", "Outside")], ids=" and ".join)
METHODS = ["INFO", "UPDATE", "MESSAGE", "REFER", "NOTIFY", "OPTIONS", "INVITE"]


@BOTH
@pytest.mark.parametrize("turned", [False, True])
def test_a_call_goes_on_in_both_directions(play: Play, zones: tuple[str, ...], turned: bool) -> None:
    call = talking(play(b2bua(*zones)), turned=turned)
    for sender, other in ((call.caller, call.callee), (call.callee, call.caller)):
        for method in METHODS:
            call.passes(sender, method)
            if method == "INVITE":
                ack, sent = sender.request("ACK", number=sender.cseq), Captured()
                call.book >> arrives(ack, sender.connection) << sends(other.zone, sent)
                assert sent.message.cseq[0] == other.seen[-1].cseq[0]
    check_two_dialogs(call)
    call.passes(call.callee, "BYE")
    assert len(call.book.proxy.dialogs) == 0
    call.book >> arrives(call.caller.request("INFO"), call.caller.connection) << responds(481)


def check_two_dialogs(call: Conversation) -> None:
    """Neither party has seen a host, Call-ID, tag or Via of the other."""
    for end, other in ((call.caller, call.callee), (call.callee, call.caller)):
        for message in end.seen:
            text = message.head.decode()
            assert message.call_id != other.call_id
            assert other.tag not in text and f"{other.zone.lower()}.local" not in text
            assert "record-route" not in message.index
            if message.is_request:
                assert len(message.items("via")) == 1
                assert message.from_tag == end.remote_tag


def test_a_contact_shows_what_a_hidden_one_does(play: Play) -> None:
    call = called(play(b2bua()))
    assert (
        call.leg.message.first("contact") == f"<sip:b-{call.callee.remote_tag}@edge.inside.example:5061;transport=tls>"
    )


def test_proxies_of_each_side_stay_on_its_own_leg(play: Play) -> None:
    book = play(b2bua())
    call = called(book, extra=("Record-Route: <sip:p2.inside.local;lr>", "Record-Route: <sip:p1.inside.local;lr>"))
    assert "record-route" not in call.leg.message.index
    told = Captured()
    answer = call.callee.answer(call.leg.message, 200, extra=("Record-Route: <sip:q1.outside.local;lr>", "Record-Route: <sip:q2.outside.local;lr>"))  # fmt: skip  # noqa: E501
    book >> answers_with(call.leg, answer) << responds(200, to=call.call, told=told)
    assert told.message.items("record-route") == ["<sip:p2.inside.local;lr>", "<sip:p1.inside.local;lr>"]
    call.caller.learn(told.message)
    sent = Captured()
    book >> arrives(call.caller.request("ACK", number=1)) << sends("Outside", sent)
    assert sent.message.items("route") == ["<sip:q2.outside.local;lr>", "<sip:q1.outside.local;lr>"]
    leg = Leg()
    book >> arrives(call.callee.request("BYE"), OUTSIDE) << forwards(leg, "Inside")
    assert leg.message.items("route") == ["<sip:p2.inside.local;lr>", "<sip:p1.inside.local;lr>"]


def test_a_contact_that_changes_changes_where_requests_go(play: Play) -> None:
    call = talking(play(b2bua()))
    moved = replace(call.caller, zone="Inside")
    update = moved.request("UPDATE")
    head = update.head.replace(b"phone.inside.local:5071;transport=tls>", b"new.inside.local;transport=tls>")
    leg, bye = Leg(), Leg()
    call.book >> arrives(Message(head)) << forwards(leg, "Outside")
    call.book >> answers_with(leg, call.callee.answer(leg.message, 200)) << responds(200)
    call.book >> arrives(call.callee.request("BYE"), OUTSIDE)
    call.book << forwards(bye, "Inside", uri="sip:alice@new.inside.local;transport=tls")


def test_who_is_silent_has_hung_up(play: Play) -> None:
    call, leg = talking(play(b2bua())), Leg()
    call.book >> arrives(call.caller.request("INFO")) << forwards(leg, "Outside")
    call.book >> fails(leg, 408)
    call.book.drain()
    assert len(call.book.proxy.dialogs) == 1
    call.book >> waits(41)
    call.book.drain()
    assert len(call.book.proxy.dialogs) == 0


def test_both_parties_get_a_bye_when_one_does_not_know_the_call(play: Play) -> None:
    call, leg, near, far = talking(play(b2bua())), Leg(), Leg(), Leg()
    book = call.book
    book >> arrives(call.caller.request("INFO")) << forwards(leg, "Outside")
    book >> answers_with(leg, call.callee.answer(leg.message, 481)) << responds(481)
    book << forwards(far, "Outside", method="BYE") << forwards(near, "Inside", method="BYE")
    assert near.message.cseq[0] == 1 and far.message.cseq[0] == 3
    assert (near.message.call_id, near.message.from_tag) == (call.caller.call_id, call.caller.remote_tag)
    assert near.message.to_tag == call.caller.tag
    book >> answers_with(near, answer_to(near.message, 200), connection=INSIDE)
    book >> answers_with(far, answer_to(far.message, 200))
    assert len(book.proxy.dialogs) == 0


@pytest.mark.parametrize("method", ["SUBSCRIBE", "NOTIFY", "REFER"])
def test_the_end_of_a_subscription_is_not_that_of_the_call(play: Play, method: str) -> None:
    """RFC 5057 5.1."""
    call = talking(play(b2bua()))
    call.passes(call.caller, method, 481)
    call.passes(call.caller, "INFO")


def test_glare_is_passed_through(play: Play) -> None:
    call, mine, theirs = talking(play(b2bua())), Leg(), Leg()
    book = call.book
    book >> arrives(call.caller.request("INVITE", body=SDP_IM)) << responds(100) << forwards(mine, "Outside")
    book >> arrives(call.callee.request("INVITE", body=SDP_IM), OUTSIDE) << responds(100) << forwards(theirs, "Inside")
    book >> answers_with(mine, call.callee.answer(mine.message, 491))
    assert [type(command).__name__ for command in book.drain()] == ["Respond"]
    call.passes(call.caller, "INFO")


def test_of_a_fork_the_caller_sees_one_dialog_and_talks_to_whoever_answers(play: Play) -> None:
    settings = forking()
    settings = replace(settings, zones=with_zone(settings.zones, "Inside", topology=Topology.B2BUA))
    book, one, two = play(settings), Leg(), Leg()
    call = called_fork(book, one, two)
    tags = []
    for leg, tag in ((one, "one"), (two, "two")):
        told = Captured()
        (
            book
            >> answers_with(leg, call.callee.answer(leg.message, 180, tag=tag))
            << responds(180, to=call.call, told=told)
        )
        tags.append(told.message.to_tag)
    assert tags[0] == tags[1]
    told, bye = Captured(), Leg()
    book >> answers_with(two, call.callee.answer(two.message, 200, tag="two")) << responds(200, to=call.call, told=told)
    assert told.message.to_tag == tags[0]
    assert [type(command).__name__ for command in book.drain()] == ["Cancel"]
    sent = Captured()
    book >> answers_with(one, call.callee.answer(one.message, 200, tag="one"))  # it crossed the CANCEL
    book << sends("Outside", sent) << forwards(bye, "Outside", method="BYE")
    assert sent.message.method == "ACK" and sent.message.to_tag == "one" == bye.message.to_tag


def called_fork(book: Playbook, one: Leg, two: Leg) -> Conversation:
    alice = End("alice", "inside.example", "Inside", INSIDE, tag="alice-tag", call_id="fork@phone.inside.local")
    bob = End("bob", "outside.example", "Outside", OUTSIDE, tag="bob-tag", remote=alice.address)
    alice.remote = bob.address
    call = Call()
    book >> arrives(alice.request("INVITE", body=SDP_IM), INSIDE, call) << responds(100)
    book << forwards(one, "Outside") << forwards(two, "Third")
    return Conversation(book, alice, bob, call, one)


def test_a_dialog_that_is_named_elsewhere_is_named_as_its_reader_knows_it(play: Play) -> None:
    """Attended transfer: alice tells bob to call whoever she talks to in another call."""
    call = talking(play(b2bua()))
    named = f"{call.caller.call_id}%3Bto-tag%3D{call.caller.remote_tag}%3Bfrom-tag%3D{call.caller.tag}"
    got = call.passes(call.caller, "REFER", 202, (f"Refer-To: <sip:x@third.example?Replaces={named}>",))
    ours = f"{call.callee.call_id}%3Bto-tag%3D{call.callee.tag}%3Bfrom-tag%3D{call.callee.remote_tag}"
    assert got.first("refer-to") == f"<sip:x@third.example?Replaces={ours}>"
    got = call.passes(call.caller, "INFO", 200, (f"Target-Dialog: {call.caller.call_id};local-tag={call.caller.tag};remote-tag={call.caller.remote_tag}",))  # fmt: skip  # noqa: E501
    assert (
        got.first("target-dialog")
        == f"{call.callee.call_id};local-tag={call.callee.remote_tag};remote-tag={call.callee.tag}"
    )


def test_a_new_request_to_the_contact_of_a_call_reaches_the_other_party(play: Play) -> None:
    call, leg = talking(play(b2bua())), Leg()
    asked = request(
        "MESSAGE", call.callee.target, from_="<sip:bob@outside.example>;tag=new", to=f"<{call.callee.target}>"
    )
    call.book >> arrives(asked, OUTSIDE) << forwards(leg, "Inside", uri=call.caller.contact[1:-1])
    call.book >> arrives(request("MESSAGE", call.callee.target, from_=FROM_STRANGER), STRANGER)
    call.book.drain()


def test_a_contact_of_no_call_is_481(play: Play) -> None:
    call = talking(play(b2bua()))
    for uri in (call.callee.target.replace("b-", "b-x"), call.caller.target):
        odd = request("INFO", uri, from_="<sip:bob@outside.example>;tag=bob-tag", to="<sip:alice@inside.example>;tag=x")
        call.book >> arrives(odd, OUTSIDE) << responds(481)


def test_nobody_else_speaks_in_a_call(play: Play) -> None:
    """Neither a peer of another zone, nor one of this zone who does not know Call-ID and tags."""
    call = talking(play(b2bua()))
    taken = call.caller.request("BYE")
    call.book >> arrives(taken, OUTSIDE) << responds(481)
    for old, new in ((b"Call-ID: call", b"Call-ID: cell"), (b"tag=alice-tag", b"tag=other")):
        call.book >> arrives(Message(taken.head.replace(old, new))) << responds(481)
    call.passes(call.caller, "BYE")


def test_a_call_of_a_zone_that_is_open_now_goes_on(play: Play) -> None:
    call = talking(play(b2bua()))
    call.book >> ConfigChanged(make_settings()) >> waits(1)
    call.passes(call.callee, "INFO")
    call.passes(call.caller, "BYE")
    assert len(call.book.proxy.dialogs) == 0


def test_a_call_whose_zone_is_gone_ends_without_a_word(play: Play) -> None:
    call = called(play(b2bua())).answered()
    call.book >> ConfigChanged(make_settings(rules="", zones=ZONES[1:])) >> waits(41)
    assert [command for command in call.book.drain() if isinstance(command, Forward)] == []
    assert {line.level for line in call.book.log} == {"warning"}
    call.book >> waits(41)
    assert len(call.book.proxy.dialogs) == 0


def test_an_info_does_not_move_a_party(play: Play) -> None:
    call, leg = talking(play(b2bua())), Leg()
    info = call.caller.request("INFO").head.replace(b"phone.inside.local:5071", b"elsewhere.inside.local")
    call.book >> arrives(Message(info)) << forwards(leg, "Outside")
    call.book >> answers_with(leg, call.callee.answer(leg.message, 200)) << responds(200)
    call.passes(call.callee, "BYE")


def test_more_calls_than_may_be_open_are_refused(play: Play) -> None:
    book = play(b2bua(limits=Limits(dialogs=2)))
    first = talking(book)
    book >> arrives(invite(call_id="second")) << responds(100) << forwards(Leg(), "Outside")
    book >> arrives(invite(call_id="third")) << responds(503)
    first.passes(first.callee, "BYE")
    book >> arrives(invite(call_id="third")) << responds(100) << forwards(Leg(), "Outside")


def test_a_party_cannot_have_the_edge_keep_more_than_a_call_needs(play: Play) -> None:
    book, routes = play(b2bua()), tuple(f"Record-Route: <sip:p{'x' * 100}{n}.example;lr>" for n in range(80))
    book >> arrives(invite(extra=("Contact: <sip:alice@192.0.2.10>", *routes))) << responds(513)
    assert len(book.proxy.dialogs) == 0
    call, bye = called(book), Leg()
    book >> answers_with(call.leg, call.callee.answer(call.leg.message, 200, extra=routes))
    book << sends("Outside") << forwards(bye, "Outside", method="BYE") << responds(487, to=call.call)
    book >> answers_with(bye, answer_to(bye.message, 200))
    assert len(book.proxy.dialogs) == 0


def test_a_target_refresh_leaves_the_proxies_of_both_sides_on_the_way(play: Play) -> None:
    call = called(play(b2bua()), extra=("Record-Route: <sip:p.inside.local;lr>",))
    call.answered(extra=("Record-Route: <sip:q.outside.local;lr>",)).acknowledged()
    for sender, route in ((call.caller, "<sip:q.outside.local;lr>"), (call.callee, "<sip:p.inside.local;lr>")):
        for method in ("UPDATE", "INFO"):
            assert call.passes(sender, method).items("route") == [route]


def test_a_call_that_passes_twice_is_two_calls(play: Play) -> None:
    """A proxy outside sends it back: what the edge wrote is what it reads, and each pass has its own legs."""
    rules = rule("back", "Third", r".*@third\.example", source_zone='"Outside"') + RULES
    book = play(b2bua("Inside", "Third", rules=rules, zones=(*ZONES, THIRD))) >> opens(4, "198.51.100.30")
    first, second = called(book), Leg()
    sent = first.leg.message
    line = sent.lines[sent.index["via"][0]]
    head = sent.head.replace(b"INVITE sip:bob@outside", b"INVITE sip:carol@third", 1).replace(
        line, b"Via: SIP/2.0/TLS 198.51.100.20;branch=z9hG4bKproxy\r\n" + line, 1
    )
    back = Call()
    book >> arrives(Message(head, sent.body), OUTSIDE, back) << responds(100) << forwards(second, "Third")
    assert second.message.call_id not in (sent.call_id, first.caller.call_id)
    contact = "<sip:carol@phone.third.local;transport=tls>"
    answer, told = answer_to(second.message, 200, tag="carol-tag", contact=contact), Captured()
    book >> answers_with(second, answer, connection=4) << responds(200, to=back, told=told)
    through = told.message.head.replace(b"Via: SIP/2.0/TLS 198.51.100.20;branch=z9hG4bKproxy\r\n", b"", 1)
    book >> answers_with(first.leg, Message(through, told.message.body)) << responds(200, to=first.call, told=told)
    first.caller.learn(told.message)
    assert len(book.proxy.dialogs) == 2
    one, two = Leg(), Leg()
    book >> arrives(first.caller.request("BYE")) << forwards(one, "Outside", method="BYE")
    book >> arrives(one.message, OUTSIDE) << forwards(two, "Third", method="BYE", uri=contact[1:-1])


def test_an_invite_without_a_contact_begins_no_call(play: Play) -> None:
    book = play(b2bua()) >> arrives(invite(extra=())) << responds(400)
    assert len(book.proxy.dialogs) == 0


@pytest.mark.parametrize("status", [302, 404, 486, 500, 603])
def test_a_call_that_is_refused_leaves_nothing(play: Play, status: int) -> None:
    call, told = called(play(b2bua())), Captured()
    answer = call.callee.answer(call.leg.message, status, extra=('Warning: 399 pbx.outside.local "x"',))
    call.book >> answers_with(call.leg, answer) << responds(status, to=call.call, told=told)
    assert len(call.book.proxy.dialogs) == 0
    assert told.message.call_id == call.caller.call_id


def test_what_is_no_call_behaves_as_in_a_hidden_zone(play: Play) -> None:
    leg = Leg()
    play(b2bua()) >> arrives(request(call_id="1@phone.local")) << forwards(leg, "Outside")
    assert leg.message.call_id.startswith("sealed-") and len(leg.message.items("via")) == 1


def test_a_connection_that_is_gone_is_no_end_of_a_call(play: Play) -> None:
    call = talking(play(b2bua()))
    call.book >> closes_connection(INSIDE)
    call.book.drain()
    assert len(call.book.proxy.dialogs) == 1
