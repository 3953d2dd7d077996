"""What the edge does by itself in a call: PRACK, credentials, redirects."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from support.b2bua import Conversation, b2bua, called, talking
from support.messages import SDP_IM
from support.playbook import (
    OUTSIDE,
    Captured,
    Leg,
    Play,
    answers_with,
    arrives,
    cancels,
    forwards,
    responds,
    sends,
)
from support.settings import RULES, THIRD, ZONES, rule

from sipedge.settings import Settings
from sipedge.sip.message import Message
from zones.calls import CallPolicy, Prack
from zones.digest import DigestOutcome, DigestServer
from zones.zone import Credential

REALM, USER = "far.example", Credential("edge", "a password")


def with_policy(*zones: str, settings: dict[str, object] | None = None, **keys: object) -> Settings:
    policy = CallPolicy(session_timer=0, **keys)  # type: ignore[arg-type]
    return b2bua(*(zones or ("Outside",)), keys={"b2bua": policy}, **(settings or {}))  # type: ignore[arg-type]


def acknowledging(*zones: str) -> Settings:
    return with_policy(*zones, prack=Prack.HERE)


def rings(call: Conversation, rseq: int, body: bytes = b"", tag: str = "") -> None:
    extra = ("Require: 100rel", f"RSeq: {rseq}", *(("Content-Type: application/sdp",) if body else ()))
    answer = call.callee.answer(call.leg.message, 183, tag=tag, extra=extra)
    head = answer.head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body))
    call.book >> answers_with(call.leg, Message(head, body))


def test_a_reliable_response_is_acknowledged_for_the_caller(play: Play) -> None:
    call, prack, told = called(play(acknowledging())), Leg(), Captured()
    assert call.leg.message.first("supported") == "100rel"
    rings(call, 7, SDP_IM)
    call.book << forwards(prack, "Outside", method="PRACK", uri=call.callee.contact[1:-1], rack="7 1 INVITE")
    call.book << responds(183, to=call.call, told=told)
    assert {"rseq", "require"}.isdisjoint(told.message.index) and told.message.body
    assert prack.message.to_tag == call.callee.tag and prack.message.cseq == (2, "PRACK")
    call.book >> answers_with(prack, call.callee.answer(prack.message, 200))
    call.answered()
    assert (
        call.caller.seen[-1].body == told.message.body
    )  # the callee has answered the offer, and need not say it again
    assert call.caller.seen[-1].first("content-type") == "application/sdp"
    sent = Captured()
    call.book >> arrives(call.caller.request("ACK", number=1)) << sends("Outside", sent)
    assert sent.message.cseq == (1, "ACK")
    assert call.passes(call.caller, "INFO").cseq == (3, "INFO")


def test_one_that_comes_again_or_out_of_order_is_not(play: Play) -> None:
    call, prack = called(play(acknowledging())), Leg()
    rings(call, 7)
    call.book << forwards(prack, "Outside", method="PRACK") << responds(183, to=call.call)
    for rseq in (7, 9):
        rings(call, rseq)
        call.book.settle()
    rings(call, 8)
    call.book << forwards(prack, "Outside", method="PRACK", rack="8 1 INVITE") << responds(183, to=call.call)


def test_each_callee_of_a_fork_behind_has_numbers_of_its_own(play: Play) -> None:
    call = called(play(acknowledging()))
    for tag, rseq in (("one", 500), ("two", 3)):
        rings(call, rseq, tag=tag)
        call.book << forwards(Leg(), "Outside", method="PRACK", rack=f"{rseq} 1 INVITE")
        call.book << responds(183, to=call.call)


def test_a_prack_that_is_refused_ends_nothing(play: Play) -> None:
    call, prack = called(play(acknowledging())), Leg()
    rings(call, 1)
    call.book << forwards(prack, "Outside", method="PRACK") << responds(183, to=call.call)
    call.answered().acknowledged()
    call.book >> answers_with(prack, call.callee.answer(prack.message, 481))
    call.passes(call.caller, "INFO")


@pytest.mark.parametrize(
    ("extra", "body"), [(("Require: 100rel",), SDP_IM), (("Supported: 100rel",), b"")], ids=["insists", "no offer"]
)
def test_a_caller_who_must_acknowledge_does_it(play: Play, extra: tuple[str, ...], body: bytes) -> None:
    call, told, prack = called(play(acknowledging()), extra=extra, body=body), Captured(), Leg()
    assert "100rel" in (call.leg.message.first("supported") or call.leg.message.first("require") or "")
    rings(call, 7)
    call.book << responds(183, to=call.call, told=told)
    assert (told.message.first("rseq"), told.message.first("require")) == ("7", "100rel")
    call.caller.learn(told.message)
    call.book >> arrives(call.caller.request("PRACK", extra=("RAck: 7 1 INVITE",)))
    call.book << forwards(prack, "Outside", rack="7 1 INVITE")


def asks(call: Conversation, leg: Leg, server: DigestServer, status: int = 401, stale: bool = False) -> None:
    name = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}[status]
    extra = tuple(f"{name}: {value}" for value in server.challenges(1.0, stale=stale))
    call.book >> answers_with(leg, call.callee.answer(leg.message, status, extra=extra))


def is_proved(message: Message, server: DigestServer, header: str = "authorization") -> bool:
    given = message.first(header)
    assert given is not None
    return server.check(given, message.method, message.uri, 1.0).outcome is DigestOutcome.OK


def authenticating() -> Settings:
    return with_policy(username=USER.username, settings={"credentials": (USER,)})


def digest_server(password: str = USER.password) -> DigestServer:
    salts = iter(range(1000))
    return DigestServer(REALM, Credential(USER.username, password), b"s" * 32, lambda: next(salts).to_bytes(8, "big"))


@pytest.mark.parametrize(("status", "header"), [(401, "authorization"), (407, "proxy-authorization")])
def test_a_callee_that_asks_for_credentials_gets_them(play: Play, status: int, header: str) -> None:
    call, again, server = called(play(authenticating())), Leg(), digest_server()
    asks(call, call.leg, server, status)
    call.book << forwards(again, "Outside", method="INVITE")
    assert is_proved(again.message, server, header)
    assert again.message.cseq == (2, "INVITE") and again.message.call_id == call.leg.message.call_id
    proof = again.message.first(header)
    call.leg = again
    call.answered()
    sent, bye = Captured(), Leg()
    call.book >> arrives(call.caller.request("ACK", number=1)) << sends("Outside", sent)
    assert sent.message.first(header) == proof and sent.message.cseq == (2, "ACK")
    call.book >> arrives(call.caller.request("BYE")) << forwards(bye, "Outside")
    assert is_proved(bye.message, server, header) and bye.message.cseq == (3, "BYE")


def test_a_request_within_the_call_is_sent_again_with_a_new_nonce(play: Play) -> None:
    call, server = called(play(authenticating())), digest_server()
    again, leg, third = Leg(), Leg(), Leg()
    asks(call, call.leg, server)
    call.book << forwards(again, "Outside")
    call.leg = again
    call.answered()
    call.book >> arrives(call.caller.request("ACK", number=1)) << sends("Outside")
    call.book >> arrives(call.caller.request("INFO")) << forwards(leg, "Outside")
    asks(call, leg, other := digest_server(), stale=True)
    call.book << forwards(third, "Outside", method="INFO")
    assert is_proved(third.message, other)
    call.book >> answers_with(third, call.callee.answer(third.message, 200)) << responds(200)


def test_a_bye_of_the_edge_is_proved_too(play: Play) -> None:
    call, server, leg, near, far, again = talking(play(authenticating())), digest_server(), Leg(), Leg(), Leg(), Leg()
    call.book >> arrives(call.callee.request("INFO"), OUTSIDE) << forwards(leg, "Inside")
    call.book >> answers_with(leg, call.caller.answer(leg.message, 481), connection=1) << responds(481)
    call.book << forwards(far, "Outside", method="BYE") << forwards(near, "Inside", method="BYE")
    asks(call, far, server)
    call.book << forwards(again, "Outside", method="BYE")
    assert is_proved(again.message, server) and again.message.cseq[0] == far.message.cseq[0] + 1


def test_a_wrong_password_is_tried_once(play: Play) -> None:
    call, again, server = called(play(authenticating())), Leg(), digest_server("another")
    asks(call, call.leg, server)
    call.book << forwards(again, "Outside")
    asks(call, again, server)
    call.book << responds(401, to=call.call)
    assert len(call.book.proxy.dialogs) == 0


def test_who_calls_stale_for_ever_is_left(play: Play) -> None:
    call, leg, server = called(play(authenticating())), Leg(), digest_server()
    leg = call.leg
    for _ in range(3):
        asks(call, leg, server, stale=True)
        leg = Leg()
        call.book << forwards(leg, "Outside")
    asks(call, leg, server, stale=True)
    call.book << responds(401, to=call.call)


def test_after_a_cancel_nothing_is_sent_again(play: Play) -> None:
    call, server = called(play(authenticating())), digest_server()
    call.book >> answers_with(call.leg, call.callee.answer(call.leg.message, 180)) << responds(180, to=call.call)
    cancel = re.sub(rb"\r\nCSeq: \d+ INVITE", b"\r\nCSeq: 1 CANCEL", call.call.message.head)
    call.book >> arrives(Message(cancel.replace(b"INVITE sip", b"CANCEL sip", 1)))
    call.book << responds(200) << cancels(call.leg)
    asks(call, call.leg, server)
    call.book << responds(401, to=call.call)


def test_without_a_credential_a_challenge_passes(play: Play) -> None:
    call, server = called(play(with_policy())), digest_server()
    asks(call, call.leg, server)
    call.book << responds(401, to=call.call)


def redirecting(**fields: object) -> Settings:
    rules = RULES + rule("third", "Third", r".*@third\.example", priority="50")
    return with_policy(follow_redirects=True, settings={"rules": rules, "zones": (*ZONES, THIRD), **fields})


def moved(call: Conversation, leg: Leg, *contacts: str) -> None:
    answer = call.callee.answer(leg.message, 302)
    head = re.sub(rb"Contact: [^\r]*", b"Contact: " + ", ".join(contacts).encode(), answer.head)
    call.book >> answers_with(leg, Message(head))


def test_a_redirect_is_followed(play: Play) -> None:
    call, again = called(play(redirecting())), Leg()
    moved(call, call.leg, "<sip:carol@outside.example:5071;transport=tls>")
    call.book << forwards(again, "Outside", uri="sip:carol@outside.example:5071;transport=tls")
    assert again.message.cseq == (2, "INVITE") and again.message.call_id == call.leg.message.call_id
    call.leg = again
    call.answered().book >> arrives(call.caller.request("ACK", number=1)) << sends("Outside", cseq="2 ACK")
    call.passes(call.callee, "BYE")


def test_as_far_as_rules_lead_and_in_the_order_of_preference(play: Play) -> None:
    call, first, second = called(play(redirecting())), Leg(), Leg()
    moved(
        call, call.leg, "<sip:low@third.example>;q=0.1", "<sip:nobody@elsewhere.example>", "<tel:+1>;q=0.9",
        "<sip:high@outside.example>;q=0.5",
    )  # fmt: skip
    call.book << forwards(first, "Outside", uri="sip:high@outside.example")
    call.book >> answers_with(first, call.callee.answer(first.message, 404))
    call.book << forwards(second, "Third", uri="sip:low@third.example")
    call.book >> answers_with(second, call.callee.answer(second.message, 486)) << responds(486, to=call.call)
    assert len(call.book.proxy.dialogs) == 0


def test_a_circle_of_redirects_ends(play: Play) -> None:
    call = called(play(redirecting()))
    leg, followed = call.leg, 0
    for number in range(3):
        moved(call, leg, f"<sip:x{number % 2}@outside.example>")
        commands = call.book.drain()
        if number < 2:
            [command] = commands
            leg = Leg()
            leg.branch, leg.hop = command.branch, command.hop  # type: ignore[union-attr]
            leg.message = Message(command.head)  # type: ignore[union-attr]
            followed += 1
        else:
            assert [getattr(command, "status", 0) for command in commands] == [302]
    assert followed == 2


@pytest.mark.parametrize("contact", ["<sip:x@elsewhere.example>", "<sips:x@outside.example>", "<urn:x>", "<sip:>", ""])
def test_one_that_leads_nowhere_is_passed_on(play: Play, contact: str) -> None:
    call, told = called(play(redirecting())), Captured()
    moved(call, call.leg, contact)
    call.book << responds(302, to=call.call, told=told)


def test_without_the_key_it_is_the_caller_s(play: Play) -> None:
    settings = redirecting()
    zones = tuple(replace(zone, b2bua=CallPolicy()) for zone in settings.zones)
    call = called(play(replace(settings, zones=zones)))
    moved(call, call.leg, "<sip:carol@outside.example>")
    call.book << responds(302, to=call.call)
