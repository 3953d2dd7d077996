"""The federation guide's plan (tables 4, 5 and 6) on an inside and an outside edge, message by message.

As on the Expressways: SUBSCRIBE is not record-routed, so every NOTIFY is searched like a new request. The printed plan
of the outside edge has no rule for the Federation Routing FQDN (docs/notify-return.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from support.messages import invite, request
from support.playbook import (
    Captured,
    FakeResolver,
    Leg,
    Play,
    Playbook,
    Step,
    answers,
    arrives,
    federation,
    forwards,
    opens,
    responds,
    sends,
    waits,
)
from support.settings import make_settings, rule

from dialplan.model import RuleOutcome
from sipedge.settings import Listener, Settings
from sipedge.sip.message import Message
from zones.digest import authorization
from zones.dns import AddressRecord
from zones.zone import STRANGERS, Credential, DnsZone, NeighborZone, TlsPolicy, TraversalClientZone, TraversalServerZone

IMP, EXPC, EXPE, MICROSOFT = "10.0.0.10", "10.0.0.20", "203.0.113.1", "198.51.100.50"
FQDN = "IMP1-public.ciscoexample.com"
CALLER = "sip:alice@192.0.2.10:5061;transport=tls"
"""The Contact of every INVITE (support.messages)."""
CREDENTIAL = Credential("traversal", "secret")
IMP_CONNECTION, MICROSOFT_CONNECTION, TRAVERSAL = 50, 51, 52
PACE = 1 / STRANGERS.pace
"""Seconds between two requests to Microsoft's Edge."""


def imp_rule(name: str, source: str, target: str, pattern: str = "", **fields: str) -> str:
    named = {"source_zone": f'"{source}"', "traffic_type": "microsoft im and presence", **fields}
    return rule(name, target, pattern, **named)


INSIDE_RULES = (
    imp_rule("out", "IMP", "Traversal", r".*@msexample\.com")
    + imp_rule("own domain", "Traversal", "IMP", r".*@ciscoexample\.com")
    + imp_rule("FQDN", "Traversal", "IMP", r".*IMP1-public\.ciscoexample\.com.*")
)
OUTSIDE_RULES = imp_rule("own domain", "Default Zone", "Traversal", r".*@ciscoexample\.com", priority="50") + imp_rule(
    "any alias", "Traversal", "DNS", priority="65534"
)
MISSING_RULE = imp_rule("FQDN", "Default Zone", "Traversal", r".*IMP1-public\.ciscoexample\.com.*", priority="50")


def inside(record_route_subscribe: bool = False) -> Settings:
    zones = (
        NeighborZone(name="IMP", peers=(IMP,), port=5062, monitor=False),
        TraversalClientZone(
            name="Traversal", peers=(EXPE,), credential=CREDENTIAL, record_route_subscribe=record_route_subscribe
        ),
    )
    listeners = (Listener("sip", EXPC, 5061),)
    return make_settings(INSIDE_RULES, zones, system_name="expc.ciscoexample.com", domains=(), listeners=listeners)


def outside(rules: str = OUTSIDE_RULES, record_route_subscribe: bool = False) -> Settings:
    zones = (
        TraversalServerZone(
            name="Traversal",
            credential=CREDENTIAL,
            tls=TlsPolicy(subject_names=("expc.ciscoexample.com",)),
            record_route_subscribe=record_route_subscribe,
        ),
        DnsZone(name="DNS", border=True),
    )
    listeners = (Listener("sip", EXPE, 5061), Listener("traversal", EXPE, 7001, zone="Traversal"))
    settings = {"system_name": "expe.ciscoexample.com", "names": ("sip.ciscoexample.com",), "listeners": listeners}
    return make_settings(rules, zones, secret=b"the outside edge has its own", **settings)


@dataclass
class Edges:
    """Both, with the traversal connection up."""

    inside: Playbook
    outside: Playbook


@pytest.fixture
def edges(play: Play) -> Edges:
    return pair(play, inside(), outside())


def pair(play: Play, inner: Settings, outer: Settings) -> Edges:
    records = {**federation("msexample.com", MICROSOFT), ("sip.msexample.com", "A"): (AddressRecord(MICROSOFT),)}
    both = Edges(play(inner), play(outer, FakeResolver(records)))
    (connect,) = both.inside.drain()
    both.inside >> opens(IMP_CONNECTION, IMP)
    both.outside >> opens(MICROSOFT_CONNECTION, MICROSOFT, names=("sip.msexample.com",))
    shake_hands(both, connect.hop)  # type: ignore[union-attr]
    return both


def shake_hands(both: Edges, hop: object) -> None:
    """The inside edge's OPTIONS, the outside edge's challenge, and the proof."""
    first, proof, told = Leg(), Leg(), Captured()
    opened = opens(TRAVERSAL, EXPE, zone="Traversal", hop=hop, listener=None)
    opened.peer_port = 7001
    both.inside >> opened << forwards(first, "Traversal")
    names = ("expc.ciscoexample.com",)
    both.outside >> opens(TRAVERSAL, EXPC, listener="traversal", names=names) >> arrives(first.message, TRAVERSAL)
    both.outside << responds(401, told=told)
    challenges = tuple(f"WWW-Authenticate: {value}" for value in told.message.values("www-authenticate"))
    assert authorization(told.message.values("www-authenticate"), CREDENTIAL, "OPTIONS", first.message.uri, "c")
    both.inside >> answers(first, 401, connection=TRAVERSAL, extra=challenges) << forwards(proof, "Traversal")
    both.outside >> arrives(proof.message, TRAVERSAL) << responds(200)
    both.inside >> answers(proof, 200, connection=TRAVERSAL)


def outward(edges: Edges, message: Message) -> Leg:
    """IM&P -> inside edge -> outside edge -> Microsoft; the leg to Microsoft."""
    inner, outer = Leg(), Leg()
    invited = message.method == "INVITE"
    edges.outside.pass_time(PACE)
    edges.inside >> arrives(message, IMP_CONNECTION)
    if invited:
        edges.inside << responds(100)
    edges.inside << forwards(inner, "Traversal", hop_connection=TRAVERSAL)
    edges.outside >> arrives(inner.message, TRAVERSAL)
    if invited:
        edges.outside << responds(100)
    edges.outside << forwards(outer, address=MICROSOFT, peer="sip.msexample.com")
    back(edges.outside, outer, edges.inside, inner)
    return outer


def inward(edges: Edges, message: Message) -> Leg:
    """Microsoft -> outside edge -> inside edge -> IM&P; the leg to IM&P."""
    outer, inner = Leg(), Leg()
    invited = message.method == "INVITE"
    edges.outside >> arrives(message, MICROSOFT_CONNECTION)
    if invited:
        edges.outside << responds(100)
    edges.outside << forwards(outer, "Traversal", hop_connection=TRAVERSAL)
    edges.inside >> arrives(outer.message, TRAVERSAL)
    if invited:
        edges.inside << responds(100)
    edges.inside << forwards(inner, "IMP", address=IMP, port=5062)
    back(edges.inside, inner, edges.outside, outer)
    return inner


def back(far: Playbook, far_leg: Leg, near: Playbook, near_leg: Leg) -> None:
    """A 200 through both."""
    far_told, near_told = Captured(), Captured()
    far >> answers(far_leg, 200, tag="answerer") << responds(200, told=far_told)
    near >> through(near_leg, far_told.message) << responds(200, told=near_told)
    assert len(near_told.message.items("via")) == len(near_leg.message.items("via")) - 1


def through(leg: Leg, message: Message) -> Step:
    def step(book: Playbook) -> object:
        event = answers(leg, message.status)
        event.message = message  # type: ignore[union-attr]
        return event

    return step  # type: ignore[return-value]


ROMEO, JULIET = "<sip:romeo@ciscoexample.com>;tag=r", "<sip:juliet@msexample.com>;tag=j"
PRESENCE = ("Event: presence",)
IM = b"v=0\r\nm=message 5060 sip null\r\n"
CONTACT = f"Contact: <sip:{FQDN}:5061;transport=TLS>"


def from_imp(method: str, uri: str = "sip:juliet@msexample.com", **fields: object) -> Message:
    via = f"SIP/2.0/TLS {IMP}:5062;branch=z9hG4bKimp"
    values = {"from_": ROMEO, "to": "<sip:juliet@msexample.com>", "via": via, "extra": (*PRESENCE, CONTACT), **fields}
    return request(method, uri, **values)  # type: ignore[arg-type]


def from_microsoft(method: str, uri: str = "sip:romeo@ciscoexample.com", **fields: object) -> Message:
    via = (f"SIP/2.0/TLS {MICROSOFT}:5061;branch=z9hG4bKms", "SIP/2.0/TLS 10.9.0.1;branch=z9hG4bKfe")
    values = {"from_": JULIET, "to": "<sip:romeo@ciscoexample.com>", "via": via, "extra": PRESENCE, **fields}
    return request(method, uri, **values)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------- tables 4 and 5: IM


def test_messages_go_both_ways(edges: Edges) -> None:
    out = outward(edges, from_imp("MESSAGE", extra=()))
    assert (out.message.uri, out.message.first("max-forwards")) == ("sip:juliet@msexample.com", "14")
    into = inward(edges, from_microsoft("MESSAGE", extra=()))
    assert into.message.uri == "sip:romeo@ciscoexample.com"
    assert len(into.message.items("via")) == 4


def test_sessions_go_both_ways_and_their_requests_by_token(edges: Edges) -> None:
    offer = invite(uri="sip:juliet@msexample.com", from_=ROMEO, to="<sip:juliet@msexample.com>", body=IM)
    session = outward(edges, offer)
    routes = tuple(session.message.items("record-route"))
    assert len(routes) == 4
    fields = {"from_": "<sip:juliet@msexample.com>;tag=answerer", "to": ROMEO, "extra": ()}
    inward(edges, from_microsoft("MESSAGE", CALLER, routes=routes, **fields))
    inward(edges, from_microsoft("BYE", CALLER, routes=routes, cseq="2 BYE", **fields))
    fields = {"to": "<sip:juliet@msexample.com>;tag=answerer", "extra": ()}
    uri = "sip:juliet@msexample.com;opaque=user:epid:x;gruu"
    outward(edges, from_imp("INFO", uri, routes=tuple(reversed(routes)), **fields))
    assert edges.outside.entries[-1].route == "DNS"


def test_a_session_from_microsoft(edges: Edges) -> None:
    inward(edges, invite(uri="sip:romeo@ciscoexample.com", from_=JULIET, to="<sip:romeo@ciscoexample.com>", body=IM))


# ------------------------------------------------------------------------------------------------------------ presence


def test_subscribe_and_notify_to_microsoft(edges: Edges) -> None:
    """The NOTIFY that answers IM&P's watchers goes to a GRUU or a Route of Microsoft's: any alias, arrow 3."""
    assert outward(edges, from_imp("SUBSCRIBE")).message.items("record-route") == []
    watcher = inward(edges, from_microsoft("SUBSCRIBE"))
    assert watcher.message.items("record-route") == []
    gruu = "sip:juliet@msexample.com;opaque=user:epid:QmFz;gruu"
    outward(edges, from_imp("NOTIFY", gruu, to="<sip:juliet@msexample.com>;tag=j"))


def test_a_notify_to_a_route_of_microsofts_is_searched_for_by_the_route(edges: Edges) -> None:
    """The inside edge's printed rule asks for ``@``: a Route without a user part doesn't fit it."""
    route = "<sip:sip.msexample.com:5061;transport=tls;lr;ms-route-sig=x>"
    edges.inside >> arrives(from_imp("NOTIFY", routes=(route,)), IMP_CONNECTION) << responds(404)
    explanation = edges.inside.entries[-1].explanation
    assert explanation is not None and explanation.searched == "sip.msexample.com:5061;transport=tls;lr;ms-route-sig=x"
    leg = Leg()
    edges.outside >> arrives(from_imp("NOTIFY", routes=(route,)), TRAVERSAL) << forwards(leg, "DNS", address=MICROSOFT)


@pytest.mark.parametrize("method", ["NOTIFY", "BENOTIFY"])
def test_as_printed_the_notify_to_the_fqdn_stops_at_the_outside_edge(edges: Edges, method: str) -> None:
    book = edges.outside
    book >> arrives(notify_to_fqdn(method), MICROSOFT_CONNECTION)
    if method == "NOTIFY":
        book << responds(404, warning=f'399 {EXPE}:5061 "no way leads to this address"')
    explanation = book.entries[-1].explanation
    assert explanation is not None and explanation.searched == "imp1-public.ciscoexample.com"
    assert [(entry.rule, entry.outcome) for entry in explanation.trace] == [
        ("own domain", RuleOutcome.PATTERN),
        ("any alias", RuleOutcome.SOURCE),
    ]


def notify_to_fqdn(method: str = "NOTIFY", **fields: object) -> Message:
    return from_microsoft(method, f"sip:{FQDN}:5061;transport=TLS", to=ROMEO, **fields)


def test_one_more_rule_mends_it(play: Play) -> None:
    edges = pair(play, inside(), outside(OUTSIDE_RULES + MISSING_RULE))
    notification = inward(edges, notify_to_fqdn(cseq="2 NOTIFY"))
    assert notification.message.uri == f"sip:{FQDN}:5061;transport=TLS"
    outer, inner = Captured(), Captured()
    edges.outside >> arrives(notify_to_fqdn("BENOTIFY"), MICROSOFT_CONNECTION) << sends("Traversal", outer)
    edges.inside >> arrives(outer.message, TRAVERSAL) << sends("IMP", inner)
    edges.inside >> waits(1)


def test_with_subscribe_record_routed_it_is_not_needed(play: Play) -> None:
    edges = pair(play, inside(record_route_subscribe=True), outside(record_route_subscribe=True))
    subscription = outward(edges, from_imp("SUBSCRIBE"))
    routes = tuple(subscription.message.items("record-route"))
    assert len(routes) == 4
    fields = {"from_": "<sip:juliet@msexample.com>;tag=answerer", "routes": routes}
    inward(edges, notify_to_fqdn(**fields))
    assert [edges.outside.entries[-1].route, edges.inside.entries[-1].route] == ["Traversal", "IMP"]
    outer = Captured()
    edges.outside >> arrives(notify_to_fqdn("BENOTIFY", **fields), MICROSOFT_CONNECTION) << sends("Traversal", outer)


# ------------------------------------------------------------------------------------------------- and nobody else


@pytest.mark.parametrize("uri", ["sip:x@elsewhere.example", "sip:juliet@msexample.com", f"sip:{MICROSOFT}"])
def test_strangers_pass_to_the_own_domain_only(edges: Edges, uri: str) -> None:
    edges.outside >> arrives(from_microsoft("MESSAGE", uri), MICROSOFT_CONNECTION) << responds(404)


def test_standard_traffic_does_not_pass(edges: Edges) -> None:
    edges.outside >> arrives(from_microsoft("x-unknown", extra=()), MICROSOFT_CONNECTION) << responds(404)
    explanation = edges.outside.entries[-1].explanation
    assert explanation is not None and explanation.trace[0].outcome is RuleOutcome.TRAFFIC
