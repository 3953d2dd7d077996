"""What leaves towards six kinds of zone, from three kinds of node inside, with twelve forms of From, by six methods.

The zone that a request comes from decides who may be named, not the one that it goes to. What comes back is believed
as far as the zone is that it comes from.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from support.matrix import ALL, FORMS, IDENTITIES, METHODS, NONE, Dns, Outcome, identities
from support.playbook import INSIDE, Playbook, federation, opens
from support.settings import INSIDE as NODE
from support.settings import ZONES, make_settings, rule

from sipedge.sip.message import parse_message
from zones.zone import AnyZone, AuthenticationPolicy, DnsZone, FromDomain, NeighborZone, TlsPolicy

PEER, ADDRESS, NAME = 50, "198.51.100.60", "sip.partner.example"
PLAN = rule("out", "Peer", r".*@partner\.example")
NAMED = TlsPolicy(subject_names=(NAME,))
STRANGER = DnsZone(name="Peer")
CLUSTER = NeighborZone(name="Peer", peers=(ADDRESS,), monitor=False)
TARGETS: dict[str, AnyZone] = {
    "stranger": STRANGER,
    "mapped partner": replace(
        STRANGER, inbound_mapping=True, tls=NAMED, from_domain=FromDomain.LIST, from_domains=("partner.example",)
    ),
    "hosting provider": replace(STRANGER, inbound_mapping=True, tls=NAMED, from_domain=FromDomain.ANY),
    "own users by password": replace(STRANGER, authentication_policy=AuthenticationPolicy.CHECK),
    "cluster": CLUSTER,
    "checked neighbor": replace(CLUSTER, from_domain=FromDomain.CERTIFICATE, from_domains=("partner.example",)),
}
LISTED = {"from_domain": FromDomain.LIST, "from_domains": ("inside.example",)}
NODES = {
    "node": NODE,
    "trusted node": replace(NODE, authentication_trust=True),
    "node for one domain": replace(NODE, **LISTED),  # type: ignore[arg-type]
}
OUTWARD: dict[str, dict[str, str]] = {
    "node": dict.fromkeys(FORMS, ALL),
    "trusted node": dict.fromkeys(FORMS, ALL),
    "node for one domain": {"own": ALL, "own, other spelling": ALL},
}
"""Kind of node -> form of From -> what becomes of each method; what is not here is refused throughout."""
LEAVES: dict[str, tuple[str, ...]] = {"node": (), "trusted node": IDENTITIES, "node for one domain": ()}
"""Identity headers that leave with its requests."""
TRUST_OF_MICROSOFT = "ms-edge-proxy-message-trust"
RETURNS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("stranger", "mapped partner", "hosting provider", "own users by password"),
        tuple(name for name in IDENTITIES if name != TRUST_OF_MICROSOFT),
    ),
    **dict.fromkeys(("cluster", "checked neighbor"), IDENTITIES),
}
"""Identity headers that come back in responses where the zone has authentication_trust; without, none do."""


def town(node: AnyZone, target: AnyZone) -> Playbook:
    settings = make_settings(PLAN, (node, ZONES[1], target))
    return Playbook(settings, resolver=Dns(federation("partner.example", ADDRESS)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("node", NODES)
def test_outward(node: str, target: str, form: str) -> None:
    numbers, seen = count(1), ""
    for method in METHODS:
        book = town(NODES[node], TARGETS[target])
        outcome = Outcome(book, method, "sip:bob@partner.example", FORMS[form], INSIDE, numbers)
        seen += outcome.letter
        if outcome.sent:
            assert f"\r\nFrom: {FORMS[form]};tag=1\r\n".encode() in outcome.sent
            assert identities(parse_message(outcome.sent)) == LEAVES[node]
        if outcome.letter == "n" and outcome.answer is not None:
            warning = outcome.answer.first("warning") or ""
            assert warning.startswith('399 203.0.113.1:5061 "From names ') and outcome.answer.status == 403
    assert seen == OUTWARD[node].get(form, NONE)


@pytest.mark.parametrize("status", [180, 200, 403])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("trusted", [False, True])
def test_what_comes_back_is_believed_as_far_as_its_zone(target: str, trusted: bool, status: int) -> None:
    zone = replace(TARGETS[target], authentication_trust=trusted)
    book = town(NODE, zone) >> opens(PEER, ADDRESS, names=(NAME,), zone="Peer")
    outcome = Outcome(book, "INVITE", "sip:bob@partner.example", FORMS["own"], INSIDE, count(1))
    response = outcome.returned(status, PEER)
    assert response.status == status
    assert identities(response) == (RETURNS[target] if trusted else ())
    assert response.first("warning") == '399 far.example "no"'
