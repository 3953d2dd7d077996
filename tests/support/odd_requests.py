"""Requests that are mostly whole, with one or more things in them that some check of the edge is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypothesis import strategies as st
from support.messages import request
from support.playbook import START
from support.settings import EDGE, INSIDE_PEER, RULES, SECRET, rule

from sipedge.decision.record_route import HOUR, TokenKey, ZonePair
from sipedge.decision.validation import POISON, loop_hash
from sipedge.sip.message import Message

PLAN = RULES + rule("strangers", "Inside", r".*@odd\.example.*", source_zone='"Default Zone"', priority="7")
"""For zones Inside, Outside and Default Zone."""
METHODS = ("MESSAGE", "INVITE", "ACK", "BENOTIFY", "CANCEL", "OPTIONS", "NEGOTIATE", "SUBSCRIBE", "SERVICE", "x-odd")
PAIRS = (("Inside", "Outside"), ("Outside", "Inside"), ("Default Zone", "Inside"))


@dataclass(frozen=True)
class Place:
    """Where the requests go to, and whose they are."""

    edge: str = EDGE
    inside: str = INSIDE_PEER
    stranger: str = "198.51.100.99"
    secret: bytes = SECRET
    time: float = START
    """Seconds since 1970: when they are sent."""
    number: int = 1
    """Another one makes Call-ID and branches that nobody has used."""

    @cached_property
    def call_id(self) -> str:
        return f"call-{self.number}"

    @cached_property
    def caller(self) -> str:
        return f"SIP/2.0/TLS {self.inside}:5061;branch=z9hG4bKcaller{self.number}"

    @cached_property
    def uris(self) -> tuple[str, ...]:
        """Five sound ones first."""
        return (
            "sip:bob@outside.example",
            "sips:bob@outside.example",
            f"sip:bob@inside.example;maddr={self.edge}",
            "sip:bob@odd.example:5061;transport=tls",
            "sip:nobody@nowhere.example",
            "sip:bob@outside.example?Subject=x",
            f"sip:{self.edge}:5061",
            f"sip:alice@{self.edge}",
            "tel:+15551234",
            "urn:service:sos",
            "sip:",
            "sip:a@b@c",
            "sip:bob@[2001:db8::1",
            "bob",
        )

    @cached_property
    def froms(self) -> tuple[str, ...]:
        return "<sip:alice@inside.example>;tag=alice-tag", f"<sip:mallory@{self.stranger}>;tag=alice-tag"

    @cached_property
    def routes(self) -> tuple[str, ...]:
        key = TokenKey(self.secret, ("Inside", "Outside", "Default Zone"))
        calls = (self.call_id, "another-call")
        now = int(self.time) // HOUR
        ages = (now, now - 31 * 24, 0)
        pairs = [ZonePair(*pair, issued=issued) for pair in PAIRS for issued in ages]
        tokens = [key.mint(pair, call, "alice-tag") for pair in pairs for call in calls]
        return (
            *(f"<sip:{token}@{self.edge}:5061;lr>" for token in tokens),
            f"<sip:{self.edge}:5061;lr>",
            "<sip:proxy.outside.example;lr>",
            "<sip:strict.outside.example>",
            "<tel:+1>",
            "<nonsense>",
            "",
        )

    @cached_property
    def vias(self) -> tuple[str, ...]:
        return (
            f"SIP/2.0/TLS far.example;branch=z9hG4bK9-{self.number}",
            self.own_via("0" * 12),
            self.own_via(f"{'0' * 12}{POISON}"),
            "SIP/2.0 nothing",
            "SIP/2.0/TLS",
        )

    def own_via(self, loop: str) -> str:
        """As the edge's own, of an earlier visit. ``loop``: the hash of the request, and what stands behind it."""
        return f"SIP/2.0/TLS {self.edge}:5061;branch=z9hG4bKid{self.number}.{loop}"


@st.composite
def odd_requests(draw: st.DrawFn, place: Place = Place()) -> Message:
    odd = st.integers(0, 3).map(lambda number: number == 0)
    method = draw(st.sampled_from(METHODS))
    uris = place.uris if draw(odd) else place.uris[:5]
    fields: dict[str, Any] = {"uri": draw(st.sampled_from(uris)), "from_": draw(st.sampled_from(place.froms))}
    fields |= {"call_id": place.call_id, "via": place.caller}
    if draw(odd):
        fields["max_forwards"] = draw(st.sampled_from((None, "0", "1", "x", "256", "")))
    if draw(odd):
        fields["cseq"] = draw(st.sampled_from((f"2 {method}", "1 INVITE", "x", "99999999999 MESSAGE", f"1 {method} x")))
    if draw(odd):
        fields["extra"] = (f"Proxy-Require: {draw(st.sampled_from(('ms-benotify', 'foo', 'ms-benotify, bar', '')))}",)
    if draw(odd):
        fields["to"] = draw(st.sampled_from(("<sip:bob@outside.example>;tag=bob-tag", "nonsense", "")))
    if draw(odd):
        fields["from_"] = draw(
            st.sampled_from(
                ("<sip:a@inside.example>", "<tel:1>;tag=alice-tag", f"<sip:a@{place.stranger}.>", "nonsense", "")
            )
        )
    if draw(odd):
        fields["routes"] = draw(st.lists(st.sampled_from(place.routes), min_size=1, max_size=3).map(tuple))
    if draw(odd):
        fields["via"] = (*draw(st.lists(st.sampled_from(place.vias), min_size=1, max_size=3)), place.caller)
    message = request(method, **fields)
    if draw(odd):  # a second visit: the hash of the request as it stands
        loop = loop_hash(message, draw(st.sampled_from(("Inside", "Default Zone"))), place.secret)
        fields["via"] = (place.own_via(loop), place.caller)
        message = request(method, **fields)
    return message
