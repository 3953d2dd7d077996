"""Six kinds of peer, twelve forms of From, six methods: who gets in, by hand from the policy (letters: support.matrix).

test_speaking_outward has the other direction.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from support.matrix import ALL, ASKED, FORMS, GHOST, METHODS, MUTE, NONE, Dns, Outcome
from support.playbook import Playbook, federation, opens
from support.settings import ZONES, make_settings, rule

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
PLAN = rule("in", "Inside", r".*@inside\.example")


def town(kind: str) -> Playbook:
    zone = PEERS[kind]
    zones = (*ZONES, zone) if isinstance(zone, DefaultZone) else (*ZONES, zone, DEFAULT)
    settings = make_settings(PLAN, zones, credentials=(Credential("alice", "secret"),))
    book = Playbook(settings, resolver=Dns(federation("partner.example", ADDRESS)))
    return book >> opens(PEER, ADDRESS, names=(NAME,))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", PEERS)
def test_inward(kind: str, form: str) -> None:
    numbers, seen = count(1), ""
    for method in METHODS:
        outcome = Outcome(town(kind), method, "sip:bob@inside.example", FORMS[form], PEER, numbers)
        seen += outcome.letter
        if outcome.sent:
            assert f"\r\nFrom: {FORMS[form]};tag=1\r\n".encode() in outcome.sent
            assert GHOST.encode() not in outcome.sent, "no peer here is believed"
        if outcome.letter == "n" and outcome.answer is not None:
            assert (outcome.answer.first("warning") or "").startswith('399 203.0.113.1:5061 "From names ')
    assert seen == INWARD[kind].get(form, NONE)
