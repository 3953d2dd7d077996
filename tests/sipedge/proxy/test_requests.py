"""The path of one request: what is refused, what is answered here, what goes on and to whom (RFC 3261 16.3-16.6)."""

from __future__ import annotations

import pytest
from support.messages import invite, notify, request, subscribe
from support.playbook import (
    FROM_STRANGER,
    INSIDE,
    OUTSIDE,
    STRANGER,
    Captured,
    Leg,
    Play,
    answers,
    arrives,
    forwards,
    responds,
    sends,
)
from support.settings import EDGE, RULES, ZONES, make_settings, rule, with_zone

from sipedge.proxy.commands import Respond
from sipedge.sip.message import Message
from sipedge.sip.responses import ALLOW
from zones.digest import authorization
from zones.zone import AuthenticationPolicy, Credential

WARNING = f"399 {EDGE}:5061"

# ---------------------------------------------------------------------------------------------- refused, answered here


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (request(max_forwards="0"), 483),
        (request(max_forwards="x"), 400),
        (request(uri="tel:+1"), 416),
        (request(uri="sip:bob@outside.example?Route=%3Csip:x%3E"), 400),
        (request(cseq="1 INVITE"), 400),
        (request(routes=("<nonsense>",)), 400),
        (request("NEGOTIATE", max_forwards="0"), 405),
        (request(extra=("Proxy-Require: privacy",)), 420),
        (request("OPTIONS", "sip:bob@outside.example", max_forwards="0"), 483),
    ],
)
def test_refusals(play: Play, message: Message, status: int) -> None:
    book, told = play(), Captured()
    book >> arrives(message) << responds(status, told=told)
    assert (told.message.first("warning") or "").startswith(WARNING)
    assert told.message.to_tag
    assert book.entries[0].status == status


def test_420_and_405_say_what_would_be_right(play: Play) -> None:
    (
        play()
        >> arrives(request(extra=("Proxy-Require: ms-benotify, privacy",)))
        << responds(420, unsupported="privacy")
        >> arrives(request("NEGOTIATE", "sip:203.0.113.1:5061", max_forwards="0", via="SIP/2.0/TLS 192.0.2.10"))
        << responds(405, allow=ALLOW)
    )


def test_no_rule_gets_404_with_a_warning(play: Play) -> None:
    book = play()
    book >> arrives(request(uri="sip:bob@elsewhere.example"))
    book << responds(404, warning=f'{WARNING} "no search rule led anywhere"')
    entry = book.entries[0]
    assert entry.explanation is not None and entry.explanation.tiers == ()
    assert entry.status == 404


@pytest.mark.parametrize("method", ["ACK", "BENOTIFY"])
def test_what_has_no_response_gets_none_whatever_is_wrong(play: Play, method: str) -> None:
    book = play()
    for message in (
        request(method, max_forwards="0"),
        request(method, uri="tel:+1"),
        request(method, uri="sip:bob@elsewhere.example"),
    ):
        book >> arrives(message)


@pytest.mark.parametrize("uri", [f"sip:{EDGE}:5061", "sip:edge.inside.example", f"sip:{EDGE};transport=tls"])
def test_options_for_the_edge_are_answered_here(play: Play, uri: str) -> None:
    book = play()
    for message in (request("OPTIONS", uri), request("OPTIONS", uri, max_forwards="0")):
        book >> arrives(message) << responds(200, accept="*/*")


def test_options_for_somebody_else_are_forwarded(play: Play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(request("OPTIONS"))
        << forwards(leg, "Outside")
        >> answers(leg, 200)
        << responds(200)
        >> arrives(request("OPTIONS", f"sip:{EDGE}:5061", routes=("<sip:x@outside.example;lr>",)))
        << forwards(leg, "Outside", uri=f"sip:{EDGE}:5061")
        >> answers(leg, 200)
        << responds(200)
    )


def test_a_loop_is_refused_and_a_spiral_goes_on(play: Play) -> None:
    first, spiral = Leg(), Leg()
    book = play(
        make_settings(RULES + rule("back", "Outside", r".*@inside\.example", source_zone='"Outside"', priority="50"))
    )
    book >> arrives(request(), INSIDE) << forwards(first, "Outside")
    again = Message(first.message.head.replace(b"Via:", b"Via: SIP/2.0/TLS far.example;branch=z9hG4bKfar\r\nVia:", 1))
    book >> arrives(again, INSIDE) << responds(482, warning=f'{WARNING} "this request has been here before, unchanged"')
    # from another zone, or with another Request-URI, another way may be found
    book >> arrives(again, OUTSIDE) << forwards(spiral, "Outside") >> answers(spiral, 404) << responds(404)
    changed = Message(again.head.replace(b"MESSAGE sip:bob", b"MESSAGE sip:carol", 1))
    book >> arrives(changed, INSIDE) << forwards(spiral, "Outside") >> answers(spiral, 200) << responds(200)


def test_nothing_comes_back_from_a_poisoned_zone(play: Play) -> None:
    leg = Leg()
    book = play(make_settings(zones=with_zone(ZONES, "Outside", poison=True)))
    book >> arrives(request(), INSIDE) << forwards(leg, "Outside")
    again = leg.message.head.replace(b"sip:bob@outside", b"sip:bob@inside", 1)
    again = again.replace(b"Via:", b"Via: SIP/2.0/TLS far.example;branch=z9hG4bKfar\r\nVia:", 1)
    book >> arrives(Message(again), OUTSIDE)
    book << responds(482, warning=f'{WARNING} "this request left through a zone in poison mode and came back"')


# ------------------------------------------------------------------------------------------------------------- methods


@pytest.mark.parametrize(
    "method",
    [
        "MESSAGE",
        "INFO",
        "NOTIFY",
        "SERVICE",
        "PUBLISH",
        "REFER",
        "UPDATE",
        "PRACK",
        "REGISTER",
        "BYE",
        "x-unknown",
        "!odd*",
    ],
)
def test_every_other_method_is_forwarded(play: Play, method: str) -> None:
    leg, told = Leg(), Captured()
    (
        play()
        >> arrives(request(method, body=b"opaque\x00"), INSIDE)
        << forwards(leg, "Outside", method=method, body=b"opaque\x00")
        >> answers(leg, 202, body=b"answer\x00")
        << responds(202, told=told, body=b"answer\x00")
    )
    assert told.message.via.branch == "z9hG4bKcaller"


def test_benotify_is_sent_on_and_nobody_waits(play: Play) -> None:
    told = Captured()
    book = play()
    book >> arrives(notify("BENOTIFY", body=b"<p/>"), INSIDE) << sends("Outside", told, method="BENOTIFY", body=b"<p/>")
    assert told.message.via.branch.startswith("z9hG4bK")
    assert not any(book.proxy.kept().values())


def test_proxy_require_ms_benotify_is_understood(play: Play) -> None:
    leg = Leg()
    message = subscribe(extra=("Event: presence", "Proxy-Require: ms-benotify", "Supported: ms-benotify"))
    play() >> arrives(message) << forwards(leg, proxy_require="ms-benotify") >> answers(leg, 200) << responds(200)


def test_option_tags_are_stripped_for_zones_that_ask_for_it(play: Play) -> None:
    leg = Leg()
    settings = make_settings(zones=with_zone(ZONES, "Outside", proxy_require_strip=("ms-benotify",)))
    message = subscribe(extra=("Event: presence", "Proxy-Require: ms-benotify"))
    play(settings) >> arrives(message) << forwards(leg, proxy_require=None) >> answers(leg, 200) << responds(200)


# ------------------------------------------------------------------------------------------------- not an open relay


def test_strangers_reach_only_what_a_rule_opens(play: Play) -> None:
    book = play(make_settings(RULES.replace("target zone", 'source zone "Inside"\n    target zone', 1)))
    for fields in (
        {"uri": "sip:bob@outside.example"},
        {"uri": "sip:alice@inside.example@outside.example"},
        {"uri": "sip:bob@elsewhere.example;maddr=198.51.100.20"},
        {"routes": ("<sip:outside.example;lr>",)},
        {"routes": (f"<sip:{EDGE}:5061;lr>", "<sip:outside.example;lr>")},
        {"routes": (f"<sip:e-{'A' * 48}@{EDGE}:5061;lr>",), "to": "<sip:b@x>;tag=t"},
        {"uri": f"sip:e-{'A' * 48}@{EDGE}:5061;lr", "routes": ("<sip:outside.example>",), "to": "<sip:b@x>;tag=t"},
        {"extra": (f"Record-Route: <sip:{EDGE}:5061;lr>",)},
    ):
        book >> arrives(request(from_=FROM_STRANGER, **fields), STRANGER)  # type: ignore[arg-type]
        (command,) = book.drain()
        assert isinstance(command, Respond) and command.status in (400, 403, 404), fields


def dialog_tokens(play: Play) -> tuple[str, str]:
    """The tokens of a dialog between Inside and Outside, from the side of the callee."""
    leg = Leg()
    play() >> arrives(invite(), INSIDE) << responds(100) << forwards(leg)
    return leg.message.items("record-route")[0], leg.message.items("record-route")[1]


def in_dialog(routes: tuple[str, ...], **fields: object) -> Message:
    defaults = {"uri": "sip:x@192.0.2.99", "to": "<sip:bob@outside.example>;tag=bob-tag", "routes": routes}
    return request("BYE", **{**defaults, **fields})  # type: ignore[arg-type]


def test_a_token_leads_to_the_other_side_without_a_search(play: Play) -> None:
    there, here = dialog_tokens(play)
    leg, back = Leg(), Leg()
    book = play()
    book >> arrives(in_dialog((here, there)), INSIDE) << forwards(leg, "Outside", uri="sip:x@192.0.2.99", route=None)
    book >> arrives(in_dialog((f"{there},{here}",)), OUTSIDE) << forwards(back, "Inside", route=None)
    assert [entry.route for entry in book.entries] == ["Outside", "Inside"]
    assert book.entries[0].explanation is None


@pytest.mark.parametrize(
    ("fields", "connection"),
    [
        ({"from_": FROM_STRANGER}, STRANGER),  # not a peer of either side
        ({}, OUTSIDE),  # the token of the other side: turned around
        ({"call_id": "another"}, INSIDE),
        ({"from_": "<sip:m@x>;tag=m"}, INSIDE),
        ({"to": "<sip:bob@outside.example>"}, INSIDE),
    ],
)
def test_a_token_that_does_not_fit_is_no_token(play: Play, fields: dict[str, object], connection: int) -> None:
    _, here = dialog_tokens(play)
    play() >> arrives(in_dialog((here,), **fields), connection) << responds(404)


def test_an_ack_goes_by_its_token(play: Play) -> None:
    there, here = dialog_tokens(play)
    told = Captured()
    ack = request("ACK", "sip:bob@198.51.100.20:5061", to="<sip:b@x>;tag=bob-tag", routes=(here, there))
    play() >> arrives(ack, INSIDE) << sends("Outside", told, method="ACK", route=None, max_forwards="15")


def test_a_strict_router_in_front_is_answered_in_kind(play: Play) -> None:
    _, here = dialog_tokens(play)
    leg = Leg()
    message = in_dialog(("<sip:bob@198.51.100.20>",), uri=here.strip("<>"))
    play() >> arrives(message, INSIDE) << forwards(leg, "Outside", uri="sip:bob@198.51.100.20", route=None)


def test_a_strict_router_that_kept_another_scheme(play: Play) -> None:
    _, here = dialog_tokens(play)
    play() >> arrives(in_dialog(("<tel:+1>",), uri=here.strip("<>")), INSIDE) << responds(416)


def test_a_reinvite_is_record_routed_with_the_zones_of_its_dialog(play: Play) -> None:
    there, here = dialog_tokens(play)
    leg = Leg()
    message = invite(uri="sip:x@y", to="<sip:bob@outside.example>;tag=bob-tag", routes=(here, there))
    play() >> arrives(message, INSIDE) << responds(100) << forwards(leg, "Outside")
    assert leg.message.items("record-route")[0] == there


# ------------------------------------------------------------------------------------------------------ authentication

PAI = ("P-Asserted-Identity: <sip:boss@inside.example>",)
LOCAL, FOREIGN = "<sip:alice@inside.example>;tag=a", "<sip:bob@far.example>;tag=a"
TREAT, CHECK = AuthenticationPolicy.TREAT_AS_AUTHENTICATED, AuthenticationPolicy.CHECK


@pytest.mark.parametrize(
    ("policy", "trust", "from_", "after"),
    [
        (AuthenticationPolicy.DO_NOT_CHECK, False, LOCAL, None),
        (AuthenticationPolicy.DO_NOT_CHECK, True, FOREIGN, "<sip:boss@inside.example>"),
        (TREAT, False, LOCAL, "<sip:alice@inside.example>"),
        (TREAT, False, FOREIGN, None),
        (TREAT, True, LOCAL, "<sip:boss@inside.example>"),
        (CHECK, False, FOREIGN, None),
        (TREAT, False, "<tel:+1>;tag=a", None),
        (TREAT, False, "<nonsense>;tag=a", None),
    ],
)
def test_asserted_identity_by_the_table(
    play: Play, policy: AuthenticationPolicy, trust: bool, from_: str, after: str | None
) -> None:
    zones = with_zone(ZONES, "Inside", authentication_policy=policy, authentication_trust=trust)
    message = request(from_=from_, extra=PAI)
    play(make_settings(zones=zones)) >> arrives(message) << forwards(Leg(), p_asserted_identity=after)


def test_a_rule_can_ask_for_authentication(play: Play) -> None:
    rules = rule("r", "Outside", ".*", authenticated="yes")
    play(make_settings(rules)) >> arrives(request()) << responds(404)
    zones = with_zone(ZONES, "Inside", authentication_policy=TREAT)
    play(make_settings(rules, zones)) >> arrives(request()) << forwards(Leg())


def test_credentials_are_checked(play: Play) -> None:
    alice = Credential("alice", "secret")
    zones = with_zone(ZONES, "Inside", authentication_policy=CHECK)
    book, told = play(make_settings(zones=zones, credentials=(alice, Credential("bob", "x")))), Captured()
    book >> arrives(request()) << responds(407, told=told)
    challenges = told.message.values("proxy-authenticate")
    for credential, status in ((Credential("alice", "wrong"), 407), (Credential("mallory", "secret"), 407)):
        proof = authorization(challenges, credential, "MESSAGE", "sip:bob@outside.example", "c")
        book >> arrives(request(extra=(f"Proxy-Authorization: {proof}",))) << responds(status)
        book >> arrives(request(extra=(f"Proxy-Authorization: {proof}",))) << responds(503, retry_after="1")
    assert book.offences == [("192.0.2.10", "password")] * 2
    book.pass_time(1.0)
    proof = authorization(challenges, alice, "MESSAGE", "sip:bob@outside.example", "c")
    message = request(extra=("Proxy-Authorization: NTLM x", f"Proxy-Authorization: {proof}"))
    book >> arrives(message) << forwards(Leg(), p_asserted_identity="<sip:alice@inside.example>")
    book >> arrives(request("ACK")) << sends("Outside")


def test_what_cannot_be_challenged_is_not_authenticated(play: Play) -> None:
    plan = rule("only ours", "Outside", authenticated="yes")
    zones = with_zone(ZONES, "Inside", authentication_policy=CHECK)
    book = play(make_settings(plan, zones=zones, credentials=(Credential("alice", "secret"),)))
    book >> arrives(request("BENOTIFY"))


def test_without_credentials_nobody_passes_a_check(play: Play) -> None:
    zones = with_zone(ZONES, "Inside", authentication_policy=CHECK)
    play(make_settings(zones=zones)) >> arrives(request()) << responds(403)
