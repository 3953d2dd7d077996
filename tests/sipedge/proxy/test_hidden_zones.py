"""Whole dialogs across the border of hidden zones: what each side sees, and that all finds its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import CALLER_VIA, SDP_IM, answer_to, invite, notify, request, subscribe
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
    answers,
    answers_with,
    arrives,
    cancels,
    forwards,
    relays,
    responds,
    sends,
)
from support.settings import RULES, SECRET, THIRD, ZONES, make_settings, rule, with_zone

from sipedge.proxy.events import ConfigChanged
from sipedge.settings import Settings
from sipedge.sip.message import Message
from zones.zone import AnyZone, DefaultZone, FromDomain, Topology

COMBINATIONS = [(), ("Inside",), ("Outside",), ("Inside", "Outside")]
METHODS = ["BYE", "INFO", "UPDATE", "NOTIFY", "MESSAGE", "REFER", "SUBSCRIBE", "PRACK"]


@dataclass
class Party:
    """A user agent behind a proxy of its own, and what it knows of its dialog."""

    user: str
    domain: str
    zone: str
    connection: int
    canary: str
    """A text that stands in every host of its side."""
    call_id: str = ""
    target: str = ""
    """The Contact of the other party."""
    routes: tuple[str, ...] = ()
    seen: list[Message] = field(default_factory=list)
    """All that its side got."""

    @property
    def contact(self) -> str:
        return f"sip:{self.user}@phone.{self.canary}.local:5071;transport=tls;gr=urn:x"

    @property
    def proxies(self) -> tuple[str, ...]:
        """Record-Route values of two proxies, the last one on top."""
        return f"<sip:p2.{self.canary}.local;lr>", f'"x, y" <sip:p1.{self.canary}.local:5099;lr;x="a;b">;q=1'

    @property
    def address(self) -> str:
        return f"<sip:{self.user}@{self.domain}>;tag={self.user}-tag"


def parties() -> tuple[Party, Party]:
    return (
        Party("alice", "inside.example", "Inside", INSIDE, "canary-in"),
        Party("bob", "outside.example", "Outside", OUTSIDE, "canary-out"),
    )


def message_of(method: str, sender: Party, other: Party, uri: str, dialog: bool, **fields: object) -> Message:
    vias = tuple(
        f"SIP/2.0/TLS {host}.{sender.canary}.local;branch=z9hG4bK{host}{method}" for host in ("p2", "p1", "phone")
    )
    extra = (
        *(f"Record-Route: {value}" for value in sender.proxies),
        f'Contact: <{sender.contact}>;+sip.instance="<urn:{sender.canary}>";isfocus',
        f"User-Agent: {sender.canary}/1",
        f"X-Trace: from {sender.canary}.local, via phone.{sender.canary}.local",
        f"P-Charging-Vector: icid-value={sender.canary}",
        "Content-Type: application/sdp",
    )
    to = other.address if dialog else f"<sip:{other.user}@{other.domain}>"
    return request(
        method, uri, via=vias, from_=sender.address, to=to, call_id=sender.call_id, extra=extra,
        routes=sender.routes if dialog else (),
        body=SDP_IM.replace(b"192.0.2.10", f"phone.{sender.canary}.local".encode()), **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def answer_of(leg: Leg, callee: Party) -> Message:
    answer = answer_to(
        leg.message, 200, tag=f"{callee.user}-tag", contact=f"<{callee.contact}>",
        extra=(f"Server: {callee.canary}/2", f'Warning: 399 p1.{callee.canary}.local "text {callee.canary}"',
               f'ms-diagnostics: 1008;reason="x";source="fe.{callee.canary}.local"'),
    )  # fmt: skip
    at = min(answer.index.get("record-route", (answer.index["from"][0],)))
    lines = [
        *answer.lines[:at],
        *(f"Record-Route: {value}".encode() for value in callee.proxies[::-1]),
        *answer.lines[at:],
    ]
    return Message(b"\r\n".join(lines) + b"\r\n\r\n")


def begin(book: Playbook, caller: Party, callee: Party) -> Message:
    """INVITE, 200, ACK; each party then knows its dialog. Gives the INVITE."""
    leg, told = Leg(), Captured()
    caller.call_id = f"id@phone.{caller.canary}.local"
    call = message_of("INVITE", caller, callee, f"sip:{callee.user}@{callee.domain}", dialog=False)
    book >> arrives(call, caller.connection) << responds(100) << forwards(leg, callee.zone)
    callee.seen.append(leg.message)
    callee.call_id, callee.target = leg.message.call_id, uri_of(leg.message)
    callee.routes = (*callee.proxies, *leg.message.items("record-route"))
    book >> answers_with(leg, answer_of(leg, callee), connection=callee.connection) << responds(200, told=told)
    caller.seen.append(told.message)
    assert told.message.call_id == caller.call_id
    assert told.message.items("via") == call.items("via")[:1] + call.items("via")[1:] or "received" in str(
        told.message.items("via")[0]
    )
    caller.target, caller.routes = uri_of(told.message), tuple(reversed(told.message.items("record-route")))
    caller.routes = caller.routes[len(caller.proxies) :]  # its own proxies have taken theirs off
    callee.routes = callee.routes[len(callee.proxies) :]
    ack, sent = message_of("ACK", caller, callee, caller.target, dialog=True), Captured()
    book >> arrives(ack, caller.connection) << sends(callee.zone, sent)
    check_arrived(sent.message, ack, caller, callee)
    return call


def uri_of(message: Message) -> str:
    return (message.first("contact") or "").partition("<")[2].partition(">")[0]


def check_arrived(got: Message, sent: Message, sender: Party, receiver: Party) -> None:
    """It is what the receiver's side needs: its own Contact, its own proxies' Route, its Call-ID."""
    receiver.seen.append(got)
    assert got.uri == receiver.contact
    assert got.items("route") == [*receiver.proxies]
    assert got.call_id == receiver.call_id
    assert (got.first("from"), got.first("to"), got.cseq) == (sent.first("from"), sent.first("to"), sent.cseq)


def check_nothing_leaks(hidden: tuple[str, ...], *both: Party) -> None:
    for sees, other in (both, both[::-1]):
        for message in sees.seen if other.zone in hidden else ():
            shown = message.head.decode().lower() + message.body.decode().lower()
            own_lines = [line for line in shown.split("\r\n") if other.canary in line]
            assert own_lines == []


@pytest.mark.parametrize("hidden", COMBINATIONS)
@pytest.mark.parametrize("turned", [False, True])
def test_a_dialog_goes_on_in_both_directions(play: Play, hidden: tuple[str, ...], turned: bool) -> None:
    zones = ZONES
    for name in hidden:
        zones = with_zone(zones, name, topology=Topology.HIDDEN)
    book = play(make_settings(zones=zones))
    caller, callee = parties()[::-1] if turned else parties()
    begin(book, caller, callee)
    for sender, receiver in ((caller, callee), (callee, caller)):
        for method in METHODS:
            leg, told = Leg(), Captured()
            within = message_of(method, sender, receiver, sender.target, dialog=True)
            book >> arrives(within, sender.connection) << forwards(leg, receiver.zone)
            check_arrived(leg.message, within, sender, receiver)
            book >> answers_with(leg, answer_of(leg, receiver), connection=receiver.connection)
            book << responds(200, told=told)
            assert told.message.call_id == sender.call_id
            sender.seen.append(told.message)
    check_nothing_leaks(hidden, caller, callee)


@pytest.mark.parametrize("hidden", COMBINATIONS)
def test_an_edge_that_was_restarted_knows_the_dialog(play: Play, hidden: tuple[str, ...]) -> None:
    """Another edge with the same secret takes over between any two transactions."""
    caller, callee = parties()
    begin(play(hiding(*hidden)), caller, callee)
    for sender, receiver in ((caller, callee), (callee, caller)):
        for method in (*METHODS, "INVITE"):
            leg, told = Leg(), Captured()
            within = message_of(method, sender, receiver, sender.target, dialog=True)
            book = play(hiding(*hidden)) >> arrives(within, sender.connection)
            book = (book << responds(100) if method == "INVITE" else book) << forwards(leg, receiver.zone)
            check_arrived(leg.message, within, sender, receiver)
            book >> answers_with(leg, answer_of(leg, receiver), connection=receiver.connection)
            book << responds(200, told=told)
            assert told.message.call_id == sender.call_id


def test_with_a_new_secret_dialogs_go_on_while_the_former_one_is_kept(play: Play) -> None:
    caller, callee = parties()
    begin(play(hiding("Inside")), caller, callee)
    within = message_of("BYE", callee, caller, callee.target, dialog=True)
    renewed = hiding("Inside", secret=b"the next secret of the tests", former_secrets=(SECRET,))
    play(renewed) >> arrives(within, OUTSIDE) << forwards(Leg(), "Inside", uri=caller.contact, call_id=caller.call_id)
    lost = hiding("Inside", secret=b"the next secret of the tests")
    play(lost) >> arrives(within, OUTSIDE) << responds(481)


def hiding(*names: str, rules: str = RULES, zones: tuple[AnyZone, ...] = ZONES, **fields: object) -> Settings:
    for name in names:
        zones = with_zone(zones, name, topology=Topology.HIDDEN)
    return make_settings(rules, zones, **fields)


def test_a_pager_message_shows_neither_way_nor_call_id(play: Play) -> None:
    book, leg, told = play(hiding("Inside")), Leg(), Captured()
    sent = request(via=(CALLER_VIA, "SIP/2.0/TCP phone.local:5060;branch=z9hG4bKx"), call_id="1@phone.local")
    book >> arrives(sent) << forwards(leg, "Outside")
    assert len(leg.message.items("via")) == 1 and leg.message.call_id.startswith("sealed-")
    book >> answers(leg, 200) << responds(200, told=told)
    assert told.message.items("via") == sent.items("via")
    assert told.message.call_id == "1@phone.local"


def test_a_renamed_zone_or_open_one_is_as_before(play: Play) -> None:
    leg, plain = Leg(), Leg()
    play(hiding("Third", zones=(*ZONES, THIRD))) >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    play(make_settings(zones=(*ZONES, THIRD))) >> arrives(invite()) << responds(100) << forwards(plain, "Outside")
    assert without_branch(leg.message) == without_branch(plain.message)


def without_branch(message: Message) -> bytes:
    return message.head.replace(message.via.branch.encode(), b"")


def test_call_ids_may_be_kept(play: Play) -> None:
    book, leg = (
        play(make_settings(zones=with_zone(ZONES, "Inside", topology=Topology.HIDDEN, hide_call_id=False))),
        Leg(),
    )
    book >> arrives(request()) << forwards(leg, "Outside", call_id="call-1")
    assert len(leg.message.items("via")) == 1


@pytest.mark.parametrize("proxies", [(), ("Record-Route: <sip:p.phone.local;lr>",)])
def test_a_microsoft_notify_needs_no_rule_of_its_own(play: Play, proxies: tuple[str, ...]) -> None:
    """MS-SIPRE: it goes to the Contact of the SUBSCRIBE, on a way of its own; behind proxies on theirs."""
    book, leg, back = play(hiding("Inside")), Leg(), Leg()
    extra = ("Event: presence", "Contact: <sip:alice@phone.local;transport=tls>", "User-Agent: UCCAPI/16.0 OC/16.0")
    book >> arrives(subscribe(call_id="s@phone.local", extra=(*extra, *proxies))) << forwards(leg, "Outside")
    routes = tuple(leg.message.items("record-route"))
    assert len(routes) == len(proxies)
    said = notify(
        uri=uri_of(leg.message),
        call_id=leg.message.call_id,
        routes=routes,
        from_="<sip:bob@outside.example>;tag=bob-tag",
        to="<sip:alice@inside.example>;tag=alice-tag",
    )
    book >> arrives(said, OUTSIDE) << forwards(back, "Inside", uri="sip:alice@phone.local;transport=tls")
    assert back.message.call_id == "s@phone.local"
    assert [f"Record-Route: {route}" for route in back.message.items("route")] == [*proxies]


def test_an_answer_is_3xx(play: Play) -> None:
    book, leg, told = play(hiding("Outside")), Leg(), Captured()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    book >> answers(leg, 302, contact="<sip:bob@10.9.9.9:5099>;q=0.7, <sip:b2@10.9.9.8>")
    book << responds(302, told=told)
    assert "10.9.9" not in str(told.message.items("contact")) and len(told.message.items("contact")) == 2


def test_a_new_request_to_a_sealed_contact_needs_no_rule_for_it(play: Play) -> None:
    """MS-SIPRE's GRUUs: a Contact is called again, outside the dialog it came from."""
    book, leg, call = play(hiding("Inside")), Leg(), Leg()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    uri = uri_of(leg.message)
    again = invite(uri=uri, from_="<sip:bob@outside.example>;tag=b", to=f"<{uri}>", call_id="new")
    book >> arrives(again, OUTSIDE) << responds(100)
    book << forwards(call, "Inside", uri="sip:alice@192.0.2.10:5061;transport=tls")
    assert book.entries[-1].route == "Inside"


def test_but_a_rule_between_the_zones(play: Play) -> None:
    rules = rule("to outside", "Outside", r".*@outside\.example.*")
    third = rule("third", "Third", r".*@third\.example", source_zone='"Outside"')
    book, leg = play(hiding("Inside", rules=rules + third, zones=(*ZONES, THIRD))), Leg()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    uri = uri_of(leg.message)
    book >> ConfigChanged(hiding("Inside", rules=third, zones=(*ZONES, THIRD)))
    book >> arrives(request("MESSAGE", uri), OUTSIDE) << responds(404)


def test_a_sealed_contact_opens_nothing_for_another_side(play: Play) -> None:
    rules = RULES + rule("third", "Inside", r".*@inside\.example", source_zone='"Third"')
    book, leg = (
        play(hiding("Inside", rules=rules, zones=(*ZONES, THIRD, DefaultZone(from_domain=FromDomain.ANY)))),
        Leg(),
    )
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    book >> arrives(request("MESSAGE", uri_of(leg.message), from_=FROM_STRANGER), STRANGER) << responds(404)


@pytest.mark.parametrize("place", range(8, 90, 9))
def test_an_altered_contact_is_no_way_in(play: Play, place: int) -> None:
    book, leg = play(hiding("Inside")), Leg()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    uri = uri_of(leg.message)
    altered = uri[:place] + ("A" if uri[place] != "A" else "B") + uri[place + 1 :]
    book >> arrives(request("MESSAGE", altered), OUTSIDE) << responds(404)
    inside = request(
        "BYE", altered, from_="<sip:bob@outside.example>;tag=b", to="<sip:alice@inside.example>;tag=alice-tag"
    )
    book >> arrives(inside, OUTSIDE) << responds(481)


def test_a_foreign_route_before_a_sealed_contact_does_not_help(play: Play) -> None:
    book, leg = play(hiding("Inside")), Leg()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    odd = request("MESSAGE", uri_of(leg.message), routes=("<sip:elsewhere.example;lr>",))
    book >> arrives(odd, OUTSIDE) << responds(404)


def test_sealed_routes_count_in_their_own_dialog_only(play: Play) -> None:
    book = play(hiding("Inside"))
    caller, callee = parties()
    begin(book, caller, callee)
    other = request(
        "BYE", callee.target, routes=callee.routes, call_id="another", from_=callee.address, to=caller.address
    )
    leg = Leg()
    book >> arrives(other, OUTSIDE) << forwards(leg, "Inside", uri=caller.contact)
    assert leg.message.items("route") == []


def test_cancel_follows_what_was_sent(play: Play) -> None:
    book, leg, call, cancelled = play(hiding("Inside")), Leg(), Call(), Captured()
    book >> arrives(invite(), call=call) << responds(100, to=call) << forwards(leg, "Outside")
    book >> answers(leg, 180) << responds(180, to=call)
    book >> arrives(request("CANCEL", cseq="1 CANCEL")) << responds(200) << cancels(leg)
    book >> answers(leg, 487) << responds(487, to=call, told=cancelled)
    assert cancelled.message.call_id == "call-1"


def test_an_answer_after_a_reload_finds_its_way(play: Play) -> None:
    """What the request lost at the border stands beside its branch, with the settings that it was sent by."""
    book, leg, told = play(hiding("Inside")), Leg(), Captured()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside") >> ConfigChanged(make_settings())
    book >> answers(leg, 200, contact="<sip:bob@198.51.100.20>") << responds(200, told=told)
    assert told.message.items("via") == [CALLER_VIA] and told.message.call_id == "call-1"


def test_a_2xx_that_is_repeated_is_as_the_first(play: Play) -> None:
    book, leg, first, second = play(hiding("Inside")), Leg(), Captured(), Captured()
    book >> arrives(invite()) << responds(100) << forwards(leg, "Outside")
    book >> answers(leg, 200) << responds(200, told=first)
    book >> answers(leg, 200, stray=True) << relays(INSIDE, told=second)
    assert first.message == second.message


def test_each_branch_of_a_fork_crosses_a_border_of_its_own(play: Play) -> None:
    both = rule("one", "Outside", r".*@outside\.example", priority="10", on_match="continue")
    both += rule("two", "Third", r".*@outside\.example", priority="10")
    book, first, second, told = play(hiding("Outside", rules=both, zones=(*ZONES, THIRD))), Leg(), Leg(), Captured()
    book >> arrives(request()) << forwards(first, "Outside") << forwards(second, "Third")
    assert first.message.call_id != second.message.call_id == "call-1"
    book >> answers(first, 200) << responds(200, told=told)
    assert told.message.call_id == "call-1"


def test_a_transfer_names_the_dialog_as_its_side_knows_it(play: Play) -> None:
    """RFC 3891: Refer-To with Replaces leaves the hidden zone, and comes back as Replaces of a new INVITE."""
    book, leg, refer, call = play(hiding("Inside")), Leg(), Leg(), Leg()
    book >> arrives(invite(call_id="a@phone.local")) << responds(100) << forwards(leg, "Outside")
    to = "Refer-To: <sip:alice@192.0.2.10:5061;transport=tls?Replaces=a%40phone.local%3Bto-tag%3D1%3Bfrom-tag%3D2>"
    book >> arrives(request("REFER", extra=(to, "Contact: <sip:x@192.0.2.10>"))) << forwards(refer, "Outside")
    target = (refer.message.first("refer-to") or "")[1:-1]
    uri, _, headers = target.partition("?")
    replaces = unquote(headers.removeprefix("Replaces="))
    assert replaces.startswith(leg.message.call_id + ";to-tag=1")
    again = invite(uri=uri, from_="<sip:carol@outside.example>;tag=c", extra=(f"Replaces: {replaces}",), body=b"")
    book >> arrives(again, OUTSIDE) << responds(100) << forwards(call, "Inside")
    assert call.message.uri == "sip:alice@192.0.2.10:5061;transport=tls"
    assert call.message.first("replaces") == "a@phone.local;to-tag=1;from-tag=2"


def test_benotify_finds_its_way_without_a_transaction(play: Play) -> None:
    book, told = play(hiding("Inside")), Captured()
    book >> arrives(notify("BENOTIFY", call_id="s@phone.local")) << sends("Outside", told)
    assert told.message.call_id.startswith("sealed-") and len(told.message.items("via")) == 1


def test_a_call_that_passes_twice_keeps_both_dialogs(play: Play) -> None:
    """Out to a partner that sends it back in: each passage has tokens of its own."""
    book, out, back = play(hiding("Inside")), Leg(), Leg()
    book >> arrives(invite(call_id="a@phone.local")) << responds(100) << forwards(out, "Outside")
    returned = Message(
        out.message.head.replace(b"bob@outside.example SIP", b"bob@inside.example SIP", 1), out.message.body
    )
    book >> arrives(returned, OUTSIDE) << responds(100) << forwards(back, "Inside", call_id="a@phone.local")


HOSTS = st.sampled_from(["phone.local", "10.0.0.9:5099", "[fd00::9]:5061", "a-b.c", "EXAMPLE.Local:1"])
USERS = st.text("abz%2F0-_.!~*'()&=+$;?/", min_size=1, max_size=8).map(lambda text: text.replace("%", "%25"))
PARAMETERS = st.sampled_from(["", ";lr", ";lr;x=y", ';lr;x="a"', ";transport=tcp;lr", ";maddr=10.0.0.9;lr"])
ROUTES = st.lists(st.builds("<sip:{}{}>{}".format, HOSTS, PARAMETERS, st.sampled_from(["", ";q=1"])), max_size=4)
CALL_IDS = st.text("abcXYZ019-.!%*_+`'~()<>:\\/[]?{}@", min_size=1, max_size=40)
TRANSPORTS = st.sampled_from(["TCP", "TLS"])
VIA = st.builds("SIP/2.0/{} {};branch=z9hG4bK{}".format, TRANSPORTS, HOSTS, st.integers(1))
VIAS = st.lists(VIA, min_size=1, max_size=4)
CONTACTS = st.builds("sip:{}@{}".format, USERS, HOSTS)


@given(
    ROUTES,
    CALL_IDS,
    VIAS,
    CONTACTS,
    st.sampled_from(["INVITE", "SUBSCRIBE", "REFER"]),
)
def test_the_hidden_side_gets_what_it_would_get_without_hiding(
    routes: list[str], call_id: str, vias: list[str], contact: str, method: str
) -> None:
    """Responses byte for byte, and requests in the dialog: Request-URI, Route and Call-ID."""
    extra = (*(f"Record-Route: {route}" for route in routes), f"Contact: <{contact}>")
    sent = request(method, via=tuple(vias), call_id=call_id, extra=extra)
    results = [_there_and_back(Playbook(settings), sent) for settings in (make_settings(), hiding("Inside"))]
    assert results[0] == results[1]


def _there_and_back(book: Playbook, sent: Message) -> tuple[bytes, str, list[str], str]:
    leg, told, back = Leg(), Captured(), Leg()
    book >> arrives(sent)
    if sent.method == "INVITE":
        book << responds(100)
    book << forwards(leg, "Outside") >> answers(leg, 202, contact="<sip:bob@198.51.100.20>") << responds(202, told=told)
    answer = told.message.head.replace(leg.token().partition(".")[0].encode(), b"")
    within = request(
        "NOTIFY",
        uri_of(leg.message),
        call_id=leg.message.call_id,
        routes=tuple(leg.message.items("record-route")),
        from_="<sip:bob@outside.example>;tag=bob-tag",
        to="<sip:alice@inside.example>;tag=alice-tag",
    )
    book >> arrives(within, OUTSIDE) << forwards(back, "Inside")
    return answer, back.message.uri, back.message.items("route"), back.message.call_id
