"""Who may write a domain into From, by zone: nobody, or one peer that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.settings import EDGE, make_settings

from dialplan.analysis import NotProved, Sender
from dialplan.cases.claims_proof import Voice
from sipedge.decision.speaking import FederationTargets, FromPolicy, judge
from sipedge.queries.senders import senders_of_zones
from sipedge.queries.voices import ZoneVoices
from sipedge.settings import Listener
from sipedge.sip.message import parse_message
from zones.names import PeerNames
from zones.table import ZoneTable
from zones.zone import (
    AccessAction,
    AccessRule,
    AnyZone,
    AuthenticationPolicy,
    Credential,
    DefaultZone,
    DnsZone,
    FromDomain,
    NeighborZone,
    TlsPolicy,
    TraversalClientZone,
)

OWN, PARTNER, SERVER = "inside.example", "partner.example", "sip.partner.example"
CHECK = AuthenticationPolicy.CHECK
TCP_ONLY = {"listeners": (Listener("tcp", EDGE, 5060, "TCP"),)}
DEFAULT = DefaultZone()
MAPPED = DnsZone(name="Mapped", inbound_mapping=True, tls=TlsPolicy(subject_names=(SERVER,)))
NEIGHBOR = NeighborZone(name="Near", peers=("near.example",))


def access(pattern: str, action: AccessAction = AccessAction.ALLOW, priority: int = 1) -> AccessRule:
    return AccessRule(pattern, priority, lambda name: name == pattern, action, True, "exact", pattern)


def voice(zone: AnyZone, domain: str, *others: AnyZone, **fields: Any) -> Voice:
    settings = make_settings("", (zone, *others), **fields)
    senders = {sender.name: sender for sender in senders_of_zones(ZoneTable(settings.zones))}
    return ZoneVoices(settings)(senders[zone.name], domain)


@pytest.mark.parametrize(
    ("zone", "domain", "fields"),
    [
        (DEFAULT, OWN, {}),
        (replace(DEFAULT, from_domain=FromDomain.ANY), OWN, {}),
        (replace(DEFAULT, authentication_policy=CHECK), OWN, {}),  # nobody has a password
        (DEFAULT, PARTNER, TCP_ONLY),
        (replace(DEFAULT, transport="TCP"), PARTNER, TCP_ONLY),
        (replace(DEFAULT, from_domain=FromDomain.ANY), PARTNER, {"listeners": ()}),
        (
            replace(DEFAULT, transport="TCP", from_domain=FromDomain.ANY, access_rules=(access(SERVER),)),
            PARTNER,
            TCP_ONLY,
        ),
        (replace(DEFAULT, from_domain=FromDomain.LIST, from_domains=("a.example",)), PARTNER, {}),
        (replace(DEFAULT, from_domains=("a.example",)), PARTNER, {}),
        (replace(DEFAULT, access_rules=(access("x", AccessAction.DENY),)), PARTNER, {}),
        (MAPPED, OWN, {}),
        (replace(NEIGHBOR, from_domain=FromDomain.LIST, from_domains=("a.example",)), PARTNER, {}),
    ],
)
def test_nobody(zone: AnyZone, domain: str, fields: dict[str, Any]) -> None:
    found = voice(zone, domain, **fields)
    silent = f'nobody that zone "{zone.name}" lets in may write @{domain} into From'
    assert found == Voice(Sender(zone.name, frozenset(), silent=found.sender.silent))
    assert found.sender.silent.startswith(silent)


def test_the_refusal_is_told_in_the_words_of_the_edge() -> None:
    zone = replace(DEFAULT, from_domain=FromDomain.LIST, from_domains=("a.example",))
    refusal = f"403 From names {PARTNER}, which is not agreed for this peer (from_domains)"
    assert voice(zone, PARTNER).sender.silent.endswith(f"({refusal})")


@pytest.mark.parametrize(
    ("zone", "domain", "who"),
    [
        (DEFAULT, PARTNER, f"with the certificate {PARTNER}"),
        (replace(DEFAULT, from_domains=(OWN,)), OWN, f"with the certificate {OWN}"),
        (replace(DEFAULT, from_domain=FromDomain.ANY, mutual_tls=False), PARTNER, f"with the certificate {PARTNER}"),
        (replace(DEFAULT, access_rules=(access(SERVER),)), PARTNER, f"with the certificate {SERVER} and {PARTNER}"),
        (
            replace(DEFAULT, access_rules=(access(PARTNER, AccessAction.DENY), access(SERVER, priority=2))),
            PARTNER,
            f"with the certificate {SERVER}, to which the federation SRV record of {PARTNER} leads,",
        ),
        (MAPPED, PARTNER, f"with the certificate {SERVER} and {PARTNER}"),
        (NEIGHBOR, OWN, "with the certificate near.example and inside.example"),
        (replace(NEIGHBOR, transport="TCP"), OWN, "without a certificate"),
    ],
)
def test_somebody(zone: AnyZone, domain: str, who: str) -> None:
    found = voice(zone, domain, **(TCP_ONLY if zone.transport == "TCP" else {}))
    assert found.sender.sends
    assert found.how == f"a peer {who} may write From: sip:somebody@{domain}"


@pytest.mark.parametrize("zone", [NEIGHBOR, TraversalClientZone(name="In", peers=("far.example",))])
def test_peers_that_the_edge_connects_to_need_no_listener(zone: AnyZone) -> None:
    assert voice(zone, OWN, listeners=()).sender.sends


def test_strangers_come_also_on_connections_that_the_edge_opened() -> None:
    assert not voice(DEFAULT, PARTNER, listeners=()).sender.sends
    assert voice(DEFAULT, PARTNER, DnsZone(name="Out"), listeners=()).sender.sends


def test_own_users_by_password() -> None:
    zone = replace(DEFAULT, authentication_policy=CHECK)
    found = voice(zone, OWN, credentials=(Credential("alice", "secret"),))
    assert "a password of [[credential]]" in found.how and found.sender.authenticated == {True}


def test_who_cannot_be_challenged_counts_as_a_stranger() -> None:
    zone = replace(NEIGHBOR, authentication_policy=CHECK)
    assert voice(zone, OWN).sender.authenticated == {True, False}


def test_a_certificate_that_another_zone_takes_is_no_witness() -> None:
    zone = replace(DEFAULT, access_rules=(access(SERVER),))
    assert not voice(zone, PARTNER, MAPPED).sender.sends


def test_zones_that_send_nothing_stay_silent() -> None:
    zone = DnsZone(name="Out")
    assert "inbound_mapping" in voice(zone, PARTNER).sender.silent


def test_what_cannot_be_named_is_not_proved() -> None:
    rule = AccessRule("odd", 1, lambda name: False, AccessAction.ALLOW, True, "regex", "(.*a.{20}){3}")
    zone = replace(DEFAULT, access_rules=(rule,))
    with pytest.raises(NotProved, match="no name of a peer is known for access rule"):
        voice(zone, PARTNER)


NAMES = (PARTNER, SERVER, OWN, "a.example")
SOME = st.lists(st.sampled_from(NAMES), unique=True).map(tuple)
RULES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(AccessAction)), max_size=3).map(
    lambda rules: tuple(access(pattern, action, number) for number, (pattern, action) in enumerate(rules, 1))
)
DEFAULTS = st.builds(
    DefaultZone,
    from_domain=st.sampled_from(FromDomain),
    from_domains=SOME,
    access_rules=RULES,
    mutual_tls=st.booleans(),
)


@examples(300)
@given(DEFAULTS, st.booleans(), st.sampled_from(NAMES), SOME, SOME)
def test_whom_the_edge_lets_write_it_is_somebody(
    zone: DefaultZone, mapped: bool, domain: str, names: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    """Any certificate, whatever the DNS says: where the edge takes the request, no claim says that nobody may."""
    zones = (zone, MAPPED) if mapped else (zone,)
    ingress = ZoneTable(zones).ingress(
        listener_zone="", transport="TLS", peer_address="", names=names, has_certificate=bool(names)
    )
    sender = parse_message(f"MESSAGE sip:x@y SIP/2.0\r\nFrom: <sip:a@{domain}>;tag=1\r\n\r\n".encode())
    policy = FromPolicy.of({one.name: one for one in zones}[ingress.zone], frozenset({OWN}))
    verdict = judge(policy, sender, PeerNames(names), False, lambda _: FederationTargets(frozenset(targets)))
    if ingress.zone == zone.name and not ingress.refused and verdict == ():
        assert voice(zone, domain, *zones[1:]).sender.sends
