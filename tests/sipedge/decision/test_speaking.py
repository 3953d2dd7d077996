"""Who may write whose domain into From."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.messages import request

from sipedge.decision.speaking import FederationTargets, FromPolicy, judge
from sipedge.decision.validation import Refusal
from zones.names import PeerNames
from zones.zone import DefaultZone, FromDomain, NeighborZone, TlsPolicy

OWN = frozenset({"inside.example"})
EDGE_OF_PARTNER = ("sip.partner.example", "SIP:pool.partner.example", "*.wild.example", "192.0.2.7")
DEFAULT = DefaultZone()
LISTED = DefaultZone(from_domain=FromDomain.LIST, from_domains=("Partner.example",))
NARROWED = DefaultZone(from_domains=("partner.example",))
ANYBODY = DefaultZone(from_domain=FromDomain.ANY)
INSIDE = NeighborZone(name="Inside", peers=("192.0.2.1",))
SAID = {
    "partner.example": FederationTargets(frozenset({"sip.partner.example", "other.example"})),
    "nobody.example": FederationTargets(),
    "else.example": FederationTargets(frozenset({"sip.else.example"})),
    "mute.example": FederationTargets(answered=False),
    "stale.example": FederationTargets(frozenset({"sip.partner.example"}), answered=False),
}
"""What the DNS has said."""


def verdict(
    zone: Any, from_: str, names: tuple[str, ...] | None = EDGE_OF_PARTNER, **more: Any
) -> int | tuple[str, ...]:
    message = request(from_=f"{from_};tag=1", extra=more.pop("extra", ()))
    peer = None if names is None else PeerNames(names)
    found = judge(FromPolicy.of(zone, OWN), message, peer, more.pop("password", False), SAID.get)
    return found.status if isinstance(found, Refusal) else found


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("sip.partner.example", ()),  # a name of the certificate
        ("SIP.Partner.Example.", ()),
        ("sip.partner%2eexample", ()),
        ("pool.partner.example", ()),  # a SIP URI in the certificate (RFC 5922 7.1)
        ("192.0.2.7", ()),
        ("partner.example", ()),  # its SRV record leads to a name of the certificate
        ("stale.example", ()),  # the DNS does not answer now, and said so before
        ("else.example", 403),
        ("nobody.example", 403),
        ("a.wild.example", ("a.wild.example",)),  # wildcards count only where the zone says so
        ("new.example", ("new.example",)),  # has to be asked for
        ("mute.example", 504),
        ("inside.example", 403),
        ("inside.example.", 403),
        ("INSIDE.example", 403),
        ("inside%2Eexample", 403),
        ("\uff49nside.example", 403),
    ],
)
def test_a_stranger_speaks_for_the_names_of_its_certificate(host: str, expected: int | tuple[str, ...]) -> None:
    assert verdict(DEFAULT, f"<sip:boss@{host}>") == expected


@pytest.mark.parametrize("from_", ["<tel:+15551234>", "nonsense", "<sip:>", '"boss@partner.example" <urn:x:y>'])
def test_a_from_without_a_domain_is_nobodys(from_: str) -> None:
    assert verdict(DEFAULT, from_) == verdict(LISTED, from_) == 403
    assert verdict(ANYBODY, from_) == ()


def test_a_list_needs_no_certificate_and_no_dns() -> None:
    assert verdict(LISTED, "<sip:a@partner.example>", ()) == ()
    assert verdict(LISTED, "<sip:a@new.example>", ()) == 403
    assert verdict(LISTED, "<sip:a@sip.partner.example>") == 403


def test_a_list_narrows_what_certificates_vouch_for() -> None:
    assert verdict(NARROWED, "<sip:a@partner.example>") == ()
    assert verdict(NARROWED, "<sip:a@sip.partner.example>") == 403
    assert verdict(NARROWED, "<sip:a@partner.example>", ("sip.else.example",)) == 403


def test_own_domains_come_from_outside_only_where_listed_or_with_a_password() -> None:
    for zone in (DEFAULT, ANYBODY, LISTED):
        assert verdict(zone, "<sip:boss@inside.example>", ("inside.example",)) == 403
        assert verdict(zone, "<sip:boss@inside.example>", password=True) == ()
    listed = replace(LISTED, from_domains=("inside.example",))
    assert verdict(listed, "<sip:boss@inside.example>") == ()
    assert verdict(INSIDE, "<sip:boss@inside.example>") == ()


def test_a_peer_without_a_certificate_has_nothing_that_vouches_for_it() -> None:
    assert verdict(DEFAULT, "<sip:a@partner.example>", ()) == 403


def test_what_a_trace_does_not_show_is_not_judged() -> None:
    assert verdict(DEFAULT, "<sip:a@anything.example>", None) == ()
    assert verdict(DEFAULT, "<sip:a@inside.example>", None) == 403


def test_an_asserted_identity_is_judged_where_it_is_believed() -> None:
    boss = ("P-Asserted-Identity: <sip:boss@inside.example>",)
    other = ("P-Asserted-Identity: <sip:a@partner.example>, <sip:b@new.example>",)
    trusting = replace(DEFAULT, authentication_trust=True)
    assert verdict(DEFAULT, "<sip:a@partner.example>", extra=boss) == ()  # it is taken out
    assert verdict(trusting, "<sip:a@partner.example>", extra=boss) == 403
    assert verdict(trusting, "<sip:a@partner.example>", extra=other) == ("new.example",)


def test_wildcards_count_where_the_zone_says_so() -> None:
    zone = replace(DEFAULT, tls=TlsPolicy(wildcards=True))
    assert verdict(zone, "<sip:a@a.wild.example>") == ()
    assert verdict(zone, "<sip:a@a.b.wild.example>") == ("a.b.wild.example",)


def test_a_refusal_tells_the_peer_what_to_mend() -> None:
    message = request(from_="<sip:a@else.example>;tag=1")
    found = judge(FromPolicy.of(DEFAULT, OWN), message, PeerNames(EDGE_OF_PARTNER), False, SAID.get)
    assert isinstance(found, Refusal) and "publish _sipfederationtls._tcp.else.example" in found.reason
