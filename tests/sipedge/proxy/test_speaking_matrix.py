"""Six kinds of peer, twelve forms of From, six methods, both directions: who gets through, by hand from the policy.

A letter for each method of METHODS: ``y`` goes on, ``n`` is refused (an ACK or BENOTIFY: dropped), ``p`` is asked for a
password, ``t`` is 504 because the DNS does not answer. A CANCEL goes where its INVITE went, so it is never judged: here
its INVITE was not sent, and it gets 481 (``c``).
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.messages import invite, request
from support.playbook import FakeResolver, Playbook, arrives, federation, opens
from support.settings import ZONES, make_settings, rule

from sipedge.proxy.commands import Forward, Resolve, Respond, Send
from sipedge.sip.message import Message
from zones.dns import DnsError
from zones.zone import (
    AnyZone,
    AuthenticationPolicy,
    Credential,
    DefaultZone,
    DnsZone,
    FromDomain,
    NeighborZone,
    TlsPolicy,
)

METHODS = ("INVITE", "MESSAGE", "SUBSCRIBE", "BENOTIFY", "ACK", "CANCEL")
FORMS = {
    "own": "<sip:alice@inside.example>",
    "own, other spelling": "<sip:alice@INSIDE%2eexample.>",
    "name in the certificate": "<sip:a@sip.partner.example>",
    "domain by SRV": "<sip:a@partner.example>",
    "domain by SRV, sips": "<sips:a@Partner.Example.>",
    "listed": "<sip:a@hosted.example>",
    "below the domain": "<sip:a@x.partner.example>",
    "a third domain": "<sip:a@microsoft.example>",
    "no answer of the DNS": "<sip:a@mute.example>",
    "anonymous": '"Anonymous" <sip:anonymous@anonymous.invalid>',
    "tel": "<tel:+15551234>",
    "nonsense": "nonsense",
}
ALL, NONE, ASKED, MUTE = "yyyyyc", "nnnnnc", "pppnnc", "tttnnc"

INWARD: dict[str, dict[str, str]] = {
    "stranger": {
        "name in the certificate": ALL,
        "domain by SRV": ALL,
        "domain by SRV, sips": ALL,
        "no answer of the DNS": MUTE,
    },
    "mapped partner": {"listed": ALL},
    "hosting provider": {form: ALL for form in FORMS if not form.startswith("own")},
    "own users by password": {
        "own": ASKED,
        "own, other spelling": ASKED,
        "name in the certificate": ALL,
        "domain by SRV": ALL,
        "domain by SRV, sips": ALL,
        "no answer of the DNS": MUTE,
    },
    "cluster": dict.fromkeys(FORMS, ALL),
    "checked neighbor": {
        "name in the certificate": ALL,
        "domain by SRV": ALL,
        "domain by SRV, sips": ALL,
        "no answer of the DNS": MUTE,
    },
}
"""Kind of peer -> form of From -> what becomes of each method; what is not here is refused throughout."""

PEER, ADDRESS, NAME = 50, "198.51.100.60", "sip.partner.example"
CERTIFICATE = FromDomain.CERTIFICATE
DEFAULT = DefaultZone()
PEERS: dict[str, AnyZone] = {
    "stranger": DEFAULT,
    "mapped partner": DnsZone(
        name="Mapped",
        inbound_mapping=True,
        from_domain=FromDomain.LIST,
        from_domains=("hosted.example",),
        tls=TlsPolicy(subject_names=(NAME,)),
    ),
    "hosting provider": replace(DEFAULT, from_domain=FromDomain.ANY),
    "own users by password": replace(DEFAULT, authentication_policy=AuthenticationPolicy.CHECK),
    "cluster": NeighborZone(name="Peer", peers=(ADDRESS,), monitor=False, tls=TlsPolicy(verify=False)),
    "checked neighbor": NeighborZone(
        name="Peer",
        peers=(ADDRESS,),
        monitor=False,
        tls=TlsPolicy(verify=False),
        from_domain=CERTIFICATE,
        from_domains=("sip.partner.example", "partner.example", "mute.example"),
    ),
}
PLAN = rule("in", "Inside", r".*@inside\.example") + rule("out", "Outside", r".*@outside\.example")


class Dns(FakeResolver):
    """mute.example has no answer."""

    def answer(self, command: Resolve):  # type: ignore[no-untyped-def]
        resolved = super().answer(command)
        error: DnsError = "timeout"
        return replace(resolved, error=error) if command.name.endswith(".mute.example") else resolved


def town(kind: str) -> Playbook:
    zone = PEERS[kind]
    zones = (*ZONES, zone) if isinstance(zone, DefaultZone) else (*ZONES, zone, DEFAULT)
    settings = make_settings(PLAN, zones, credentials=(Credential("alice", "secret"),))
    book = Playbook(settings, resolver=Dns(federation("partner.example", ADDRESS)))
    return book >> opens(PEER, ADDRESS, names=(NAME,))


def message(method: str, uri: str, from_: str) -> Message:
    make = invite if method == "INVITE" else lambda **fields: request(method, **fields)
    return make(uri=uri, from_=f"{from_};tag=1", call_id=f"{method}-{from_}")  # type: ignore[operator,no-any-return]


def outcome(book: Playbook) -> str:
    for command in book.drain():
        if isinstance(command, Forward | Send):
            return "y"
        if isinstance(command, Respond) and command.status >= 200:
            return {403: "n", 407: "p", 401: "p", 504: "t", 481: "c"}[command.status]
    return "n"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", PEERS)
def test_inward(kind: str, form: str) -> None:
    seen = ""
    for method in METHODS:
        book = town(kind)
        book >> arrives(message(method, "sip:bob@inside.example", FORMS[form]), PEER)
        seen += outcome(book)
    assert seen == INWARD[kind].get(form, NONE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", PEERS)
def test_outward_everybody_inside_is_believed(kind: str, form: str) -> None:
    """The zone that a request comes from decides, not the one it goes to."""
    seen = ""
    for method in METHODS:
        book = town(kind)
        book >> arrives(message(method, "sip:bob@outside.example", FORMS[form]))
        seen += outcome(book)
    assert seen == ALL
