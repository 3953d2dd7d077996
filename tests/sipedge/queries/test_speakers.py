from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.settings import RULES, ZONES, make_settings, with_zone

from sipedge.config import load_config
from sipedge.queries.speakers import Entrance, Speaker, open_zones, speakers
from zones.zone import (
    AuthenticationPolicy,
    Credential,
    DefaultZone,
    DnsZone,
    FromDomain,
    NeighborZone,
    TlsPolicy,
    TraversalServerZone,
)


def speaker(zone: str, *zones: object) -> Speaker:
    (found,) = [one for one in speakers(make_settings("", zones)) if one.zone == zone]  # type: ignore[arg-type]
    return found


def who(zone: str, *zones: object) -> list[str]:
    return [entrance.who for entrance in speaker(zone, *zones).entrances]


def test_neighbours() -> None:
    peers = ("a.example", "192.0.2.1")
    found = speaker("N", NeighborZone(name="N", peers=peers))
    assert found.entrances[0] == Entrance(
        'a certificate with the name "a.example" from the addresses of a.example, 192.0.2.1', "a.example"
    )
    unverified = NeighborZone(name="N", peers=peers, tls=TlsPolicy(verify=False))
    assert who("N", unverified) == [
        "any certificate that the trusted CAs have signed from the addresses of a.example, 192.0.2.1"
    ]
    assert who("N", NeighborZone(name="N", peers=("192.0.2.1",), transport="TCP")) == [
        "anybody from the addresses of 192.0.2.1, without a certificate (TCP)"
    ]


def test_traversal_clients_need_name_and_password() -> None:
    zone = TraversalServerZone(
        name="T", credential=Credential("user", "x"), tls=TlsPolicy(subject_names=("c.example",))
    )
    assert who("T", zone) == ['a certificate with the name "c.example" with the password of user']


def test_dns_zones_let_in_whom_they_map() -> None:
    zone = DnsZone(name="D", inbound_mapping=True, tls=TlsPolicy(subject_names=("sip.p.example",)))
    assert who("D", zone) == ['a certificate with the name "sip.p.example"']
    assert all(one.zone != "D" for one in speakers(make_settings("", (DnsZone(name="D"),))))


def test_strangers_without_access_rules() -> None:
    assert who("Default Zone", DefaultZone()) == [
        "any certificate that the trusted CAs have signed: there are no access rules"
    ]
    assert who("Default Zone", DefaultZone(mutual_tls=False, transport="TCP"))[:2] == [
        "anybody, without a certificate (TCP)",
        "anybody, without a certificate (mutual_tls = false)",
    ]


ACCESS = """
[[zone]]
type = "default"

[[zone.access_rule]]
name = "not the lab"
priority = 1
pattern_type = "suffix"
pattern = ".lab.p.example"
action = "deny"

[[zone.access_rule]]
name = "partner"
priority = 2
pattern_type = "suffix"
pattern = ".p.example"
action = "allow"

[[zone.access_rule]]
name = "hidden"
priority = 3
pattern_type = "exact"
pattern = "sip.lab.p.example"
action = "allow"

[[zone.access_rule]]
name = "off"
priority = 4
pattern = "x"
action = "allow"
enabled = false
"""


def test_access_rules_with_a_name_that_they_let_in(tmp_path: Path) -> None:
    found = speakers(load_config(write(tmp_path, EDGE + ACCESS), create_secret=False))[-1]
    partner, hidden = found.entrances
    assert partner.who == 'access rule "partner": a certificate with a name that fits suffix ".p.example"'
    assert partner.example.endswith(".p.example") and not partner.example.endswith(".lab.p.example")
    assert hidden == Entrance('access rule "hidden": no host name that "not the lab", "partner" leaves to it')


@pytest.mark.parametrize(
    ("policy", "trust", "own", "impersonates", "other"),
    [
        (AuthenticationPolicy.DO_NOT_CHECK, False, "yes, not authenticated.", True, "any, not authenticated"),
        (AuthenticationPolicy.CHECK, False, "only with a password", False, "any, not authenticated"),
        (AuthenticationPolicy.CHECK, True, "only with a password", True, "any, not authenticated, authenticated with"),
        (AuthenticationPolicy.TREAT_AS_AUTHENTICATED, False, "yes, and it counts", True, "any, not authenticated"),
    ],
)
def test_from(policy: AuthenticationPolicy, trust: bool, own: str, impersonates: bool, other: str) -> None:
    zone = NeighborZone(name="N", authentication_policy=policy, authentication_trust=trust)
    found = speaker("N", zone)
    assert (found.own_domains.startswith(own), found.impersonates) == (True, impersonates)
    assert found.other_domains.startswith(other)


def test_where_requests_can_go() -> None:
    found = speakers(make_settings(RULES, with_zone(ZONES, "Outside")))
    reaches = {one.zone: [reach.zone for reach in one.reaches] for one in found}
    assert reaches == {name: ["Inside", "Outside"] for name in ("Inside", "Outside", "Default Zone")}
    assert all("@" in reach.alias for one in found for reach in one.reaches)


def test_strangers_speak_for_what_their_certificate_vouches_for() -> None:
    found = speaker("Default Zone", DefaultZone())
    assert (found.own_domains, found.impersonates, found.compared) == ("no", False, True)
    assert found.other_domains.startswith("that its certificate names, or whose federation SRV record leads")
    assert "sealed" in found.way_back and "for 30 days" in found.way_back
    made = found.to_json()
    assert [made[key] for key in ("from_domain", "from_domains", "route_age")] == ["certificate", (), 2592000.0]
    listed = DefaultZone(from_domain=FromDomain.LIST, from_domains=("p.example", "inside.example"))
    found = speaker("Default Zone", listed)
    assert found.own_domains == "only inside.example, which from_domains lists" and found.impersonates
    assert found.other_domains == "@p.example, @inside.example, not authenticated"


def test_zones_that_compare_nothing_are_told() -> None:
    settings = make_settings("", (DefaultZone(from_domain=FromDomain.ANY), DnsZone(name="D")))
    (sentence,) = open_zones(settings)
    assert sentence.startswith(
        'zone "Default Zone" has from_domain = "any": its peers may write any domain but own ones'
    )
