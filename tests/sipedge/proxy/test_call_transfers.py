"""Transfers that the edge carries out for a party (RFC 3515, 5589)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pytest
from support.b2bua import Conversation, End, b2bua, talking
from support.messages import SDP_IM, answer_to
from support.playbook import (
    INSIDE,
    OUTSIDE,
    Call,
    Captured,
    Leg,
    Play,
    Playbook,
    answers_with,
    arrives,
    fails,
    forwards,
    opens,
    responds,
    sends,
    waits,
)
from support.settings import RULES, THIRD, ZONES, rule, with_zone

from sipedge.proxy.events import ConfigChanged
from sipedge.settings import Settings
from sipedge.sip.message import Message
from zones.calls import CallPolicy, Refer
from zones.zone import Topology

THIRD_PARTY = 4
OFFER, ANSWER = SDP_IM.replace(b"192.0.2.10", b"198.51.100.30"), SDP_IM.replace(b"192.0.2.10", b"198.51.100.20")


def transferring(**fields: object) -> Settings:
    """Peers of Inside may ask; carol is in Third."""
    rules = RULES + rule("third", "Third", r".*@third\.example", priority="50")
    keys: dict[str, object] = {"b2bua": CallPolicy(session_timer=0, refer=Refer.HERE)}
    return b2bua("Inside", rules=rules, zones=(*ZONES, THIRD), keys=keys, **fields)


def opened(book: Playbook) -> Playbook:
    return book >> opens(THIRD_PARTY, "198.51.100.30")


def refer(call: Conversation, to: str = "<sip:carol@third.example>", *extra: str) -> Message:
    return call.caller.request("REFER", extra=(f"Refer-To: {to}", *extra))


def with_body(message: Message, body: bytes) -> Message:
    lines = b"Content-Type: application/sdp\r\nContent-Length: %d" % len(body)
    head = message.head.replace(b"Content-Length: 0", lines)
    return Message(head, body)


@dataclass
class Scene:
    """alice, inside, has told the edge to have bob talk to carol."""

    call: Conversation
    carol: End
    invite: Leg = field(default_factory=Leg)
    """To carol, without an offer."""
    again: Leg = field(default_factory=Leg)
    """The re-INVITE to bob, with carol's offer."""

    @property
    def book(self) -> Playbook:
        return self.call.book

    def told(self, status: str, state: str = "active") -> Leg:
        """alice hears of it."""
        leg = Leg()
        self.book << forwards(leg, "Inside", method="NOTIFY", body=f"SIP/2.0 {status}\r\n".encode())
        assert (leg.message.first("subscription-state") or "").startswith(state)
        assert leg.message.first("event") == "refer;id=2"
        return leg

    def carol_takes_it(self) -> None:
        answer = with_body(self.carol.answer(self.invite.message, 200), OFFER)
        self.book >> answers_with(self.invite, answer, connection=THIRD_PARTY)

    def bob_agrees(self) -> None:
        answer = with_body(self.call.callee.answer(self.again.message, 200), ANSWER)
        self.book >> answers_with(self.again, answer)


def began(play: Play, settings: Settings | None = None) -> Scene:
    call = talking(opened(play(settings or transferring())))
    carol = End("carol", "third.example", "Third", THIRD_PARTY, tag="carol-tag")
    scene = Scene(call, carol)
    call.book >> arrives(refer(call)) << responds(202)
    notify = scene.told("100 Trying")
    call.book << forwards(scene.invite, "Third", method="INVITE", uri="sip:carol@third.example", body=b"")
    call.book >> answers_with(notify, answer_to(notify.message, 200), connection=INSIDE)
    carol.learn(scene.invite.message)
    carol.remote = call.callee.address
    return scene


@pytest.mark.parametrize("reloaded", [False, True])
def test_the_session_of_a_hidden_new_party_is_told_of_as_its_zone_does(play: Play, reloaded: bool) -> None:
    """Also where a reload has opened the referrer's zone meanwhile. With audio, of which ``c=`` has to stay."""
    settings = transferring()
    hidden = with_zone(settings.zones, "Third", topology=Topology.HIDDEN)
    scene = began(play, replace(settings, zones=hidden))
    if reloaded:
        scene.book >> ConfigChanged(replace(settings, zones=with_zone(hidden, "Inside", topology=Topology.OPEN)))
    offer = OFFER.replace(b"o=- 0 0 IN IP4 198.51.100.30", b"o=- 0 0 IN IP4 10.9.8.7").replace(b"m=message", b"m=audio")
    answer = with_body(scene.carol.answer(scene.invite.message, 200), offer)
    scene.book >> answers_with(scene.invite, answer, connection=THIRD_PARTY)
    scene.book << forwards(scene.again, "Outside", method="INVITE")
    assert b"m=audio" in scene.again.message.body and b"10.9.8.7" not in scene.again.message.body


def test_a_party_is_transferred_without_a_word_to_it(play: Play) -> None:
    scene = began(play)
    call, book = scene.call, scene.book
    assert scene.invite.message.first("from") == f"{call.callee.address};tag={scene.carol.remote_tag}"
    scene.carol_takes_it()
    book << forwards(scene.again, "Outside", method="INVITE", call_id=call.callee.call_id)
    assert b"m=message" in scene.again.message.body
    scene.bob_agrees()
    at_bob, at_carol, bye = Captured(), Captured(), Leg()
    book << sends("Outside", at_bob) << sends("Third", at_carol)
    assert at_bob.message.cseq == (scene.again.message.cseq[0], "ACK") and not at_bob.message.body
    assert at_carol.message.cseq == (scene.invite.message.cseq[0], "ACK") and at_carol.message.body == ANSWER
    scene.told("200 OK", "terminated")
    book << forwards(bye, "Inside", method="BYE")
    book >> answers_with(bye, answer_to(bye.message, 200), connection=INSIDE)
    assert len(book.proxy.dialogs) == 1
    talk(scene)


def talk(scene: Scene) -> None:
    """bob and carol are one call, in both directions, until one of them hangs up."""
    joined = Conversation(scene.book, scene.call.callee, scene.carol, scene.call.call, scene.invite)
    joined.caller.cseq = 5
    before = scene.again.message.cseq[0]
    got = joined.passes(scene.carol, "INFO")
    assert got.cseq[0] > before and got.from_tag == scene.call.callee.remote_tag
    joined.passes(scene.call.callee, "INFO")
    joined.passes(scene.carol, "BYE")
    assert len(scene.book.proxy.dialogs) == 0


def test_who_hangs_up_behind_its_refer_does_not_end_the_new_call(play: Play) -> None:
    """The BYE of the transferor during REFER."""
    scene = began(play)
    book = scene.book
    book >> arrives(scene.call.caller.request("BYE")) << responds(200)
    scene.carol_takes_it()
    book << forwards(scene.again, "Outside", method="INVITE")
    scene.bob_agrees()
    book << sends("Outside") << sends("Third")
    book.settle()
    talk(scene)


def test_and_where_it_fails_the_other_party_gets_the_bye(play: Play) -> None:
    scene, bye = began(play), Leg()
    book = scene.book
    book >> arrives(scene.call.caller.request("BYE")) << responds(200)
    book >> answers_with(scene.invite, scene.carol.answer(scene.invite.message, 486), connection=THIRD_PARTY)
    book << forwards(bye, "Outside", method="BYE")
    book >> answers_with(bye, answer_to(bye.message, 200))
    assert len(book.proxy.dialogs) == 0


@pytest.mark.parametrize("status", [404, 486, 603])
def test_a_party_that_is_not_there_leaves_the_call_as_it_was(play: Play, status: int) -> None:
    scene = began(play)
    scene.book >> answers_with(scene.invite, scene.carol.answer(scene.invite.message, status), connection=THIRD_PARTY)
    leg = Leg()
    scene.book << forwards(leg, "Inside", method="NOTIFY")
    assert leg.message.body.startswith(f"SIP/2.0 {status} ".encode())
    scene.call.passes(scene.call.caller, "INFO")
    scene.call.passes(scene.call.callee, "BYE")
    assert len(scene.book.proxy.dialogs) == 0


def test_a_party_that_does_not_answer(play: Play) -> None:
    scene = began(play)
    scene.book >> fails(scene.invite, 408)
    scene.told("408 Request Timeout", "terminated")
    scene.call.passes(scene.call.caller, "INFO")


def test_where_the_offer_is_refused_the_new_party_hears_it(play: Play) -> None:
    scene = began(play)
    scene.carol_takes_it()
    scene.book << forwards(scene.again, "Outside", method="INVITE")
    scene.book >> answers_with(scene.again, scene.call.callee.answer(scene.again.message, 488))
    scene.told("488 Refused", "terminated")
    bye = Leg()
    scene.book << sends("Third") << forwards(bye, "Third", method="BYE")
    scene.book >> answers_with(bye, answer_to(bye.message, 200), connection=THIRD_PARTY)
    scene.call.passes(scene.call.caller, "INFO")
    assert len(scene.book.proxy.dialogs) == 1


def test_a_new_party_that_hangs_up_meanwhile(play: Play) -> None:
    scene = began(play)
    scene.carol_takes_it()
    scene.book << forwards(scene.again, "Outside", method="INVITE")
    scene.book >> arrives(scene.carol.request("BYE"), THIRD_PARTY) << responds(200)
    scene.told("480 Temporarily Unavailable", "terminated")
    scene.book.drain()
    scene.bob_agrees()
    scene.book.drain()
    scene.call.passes(scene.call.caller, "INFO")


def test_a_transferred_party_that_hangs_up_meanwhile(play: Play) -> None:
    scene, bye = began(play), Leg()
    book = scene.book
    book >> arrives(scene.call.callee.request("BYE"), OUTSIDE) << forwards(bye, "Inside", method="BYE")
    scene.told("480 Temporarily Unavailable", "terminated")
    assert book.withdrawn == [scene.invite.branch]  # it has not rung: a CANCEL needs a provisional response
    book >> answers_with(bye, answer_to(bye.message, 200), connection=INSIDE) << responds(200)
    scene.carol_takes_it()
    ends = Leg()
    book << sends("Third") << forwards(ends, "Third", method="BYE")
    assert len(book.proxy.dialogs) == 0


def test_a_second_transfer_waits_for_the_first(play: Play) -> None:
    scene = began(play)
    scene.book >> arrives(refer(scene.call)) << responds(491)


@pytest.mark.parametrize("to", ["<tel:+1>", "", "<sip:>", "<sip:x@y?Replaces=%0d%0aEvil:1>"])
def test_what_cannot_be_followed_is_refused(play: Play, to: str) -> None:
    call = talking(play(transferring()))
    book = call.book >> arrives(refer(call, to))
    assert all(b"Evil" not in getattr(command, "head", b"") for command in book.drain())
    call.passes(call.caller, "INFO")


def test_where_no_rule_leads_nobody_is_called(play: Play) -> None:
    call = talking(play(transferring()))
    call.book >> arrives(refer(call, "<sip:x@elsewhere.example>")) << responds(202)
    call.book << forwards(Leg(), "Inside", method="NOTIFY")
    call.book << forwards(Leg(), "Inside", body=b"SIP/2.0 404 Not Found\r\n")
    call.passes(call.caller, "INFO")


def test_who_wants_no_notify_gets_none(play: Play) -> None:
    call = talking(opened(play(transferring())))
    call.book >> arrives(refer(call, "<sip:carol@third.example>", "Refer-Sub: false"))
    call.book << responds(202, refer_sub="false") << forwards(Leg(), "Third", method="INVITE")


def test_of_an_open_zone_a_refer_passes(play: Play) -> None:
    call = talking(play(transferring()))
    call.passes(call.callee, "REFER", 202, ("Refer-To: <sip:x@y>",))


def test_two_calls_are_made_one(play: Play) -> None:
    """Attended: alice has talked to carol first. carol gets a re-INVITE, and keeps her dialog."""
    book = opened(play(transferring()))
    call = talking(book)
    second = called_third(book)
    identity = f"{second.caller.call_id};to-tag={second.caller.remote_tag};from-tag={second.caller.tag}"
    book >> arrives(refer(call, f"<sip:carol@third.example?Replaces={quote(identity)}>")) << responds(202)
    scene = Scene(call, second.callee)
    scene.told("100 Trying")
    book << forwards(scene.invite, "Third", method="INVITE", call_id=second.callee.call_id, body=b"")
    scene.carol_takes_it()
    book << forwards(scene.again, "Outside", method="INVITE")
    scene.bob_agrees()
    book << sends("Outside") << sends("Third")
    scene.told("200 OK", "terminated")
    byes = Leg(), Leg()
    for bye in byes:
        book << forwards(bye, "Inside", method="BYE")
    assert {bye.message.call_id for bye in byes} == {call.caller.call_id, second.caller.call_id}
    book >> arrives(call.caller.request("INFO")) << responds(481)
    book >> arrives(second.caller.request("BYE")) << responds(200)
    for bye in byes:
        book >> answers_with(bye, answer_to(bye.message, 200), connection=INSIDE)
    assert len(book.proxy.dialogs) == 1
    talk(scene)


def called_third(book: Playbook) -> Conversation:
    first = End("alice", "inside.example", "Inside", INSIDE, tag="alice-two", call_id="two@phone.inside.local")
    carol = End("carol", "third.example", "Third", THIRD_PARTY, tag="carol-tag")
    first.remote, carol.remote = carol.address, first.address
    call, leg = Call(), Leg()
    book >> arrives(first.request("INVITE", body=SDP_IM), INSIDE, call) << responds(100) << forwards(leg, "Third")
    carol.learn(leg.message)
    return Conversation(book, first, carol, call, leg).answered().acknowledged()


def test_after_it_a_restart_knows_the_new_call(play: Play) -> None:
    settings = transferring(journal="journal")
    scene = began(lambda *_: play(settings))
    scene.carol_takes_it()
    scene.book << forwards(scene.again, "Outside", method="INVITE")
    scene.bob_agrees()
    scene.book.drain()
    scene.call.book = opened(scene.book.restarted(settings))
    assert len(scene.book.proxy.dialogs) == 1
    talk(scene)


def test_a_bye_to_who_has_left_is_not_waited_for(play: Play) -> None:
    scene = began(play)
    scene.carol_takes_it()
    scene.book << forwards(scene.again, "Outside", method="INVITE")
    scene.bob_agrees()
    scene.book.drain()
    scene.book >> waits(41)
    scene.book.drain()
    assert len(scene.book.proxy.dialogs) == 1
