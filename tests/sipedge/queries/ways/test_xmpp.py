"""The way of a stanza, from the configuration alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipedge.queries.ways.xmpp import way_of
from sipedge.settings import Xmpp, XmppRoute

ROUTES = (XmppRoute("routed.example", "192.0.2.7"), XmppRoute("routed.example", "2001:db8::7", 5270))
XMPP = Xmpp(("ours.example",), "192.0.2.1", "10.0.0.1", allow=("allowed.example",), deny=("denied.example",))
ROUTED = replace(XMPP, use_static_routes=True, routes=ROUTES)


@pytest.mark.parametrize(
    ("xmpp", "domain", "allowed", "rule"),
    [
        (XMPP, "Allowed.Example.", True, "it stands in allow"),
        (XMPP, "sub.allowed.example", False, "it stands neither in allow nor has a static route"),
        (replace(ROUTED, use_static_routes=False), "routed.example", False, "it stands neither in allow"),
        (ROUTED, "routed.example", True, "it has a static route"),
        (replace(XMPP, privacy_mode="deny list"), "denied.example", False, "it stands in deny"),
        (replace(XMPP, privacy_mode="deny list"), "other.example", True, "it does not stand in deny"),
        (replace(XMPP, privacy_mode="off"), "denied.example", True, 'privacy_mode = "off"'),
        (replace(XMPP, privacy_mode="off"), "ours.example", False, "it is our own"),
    ],
)
def test_one_key_decides(xmpp: Xmpp, domain: str, allowed: bool, rule: str) -> None:
    way = way_of(xmpp, domain)
    assert way.allowed is allowed and way.rule.startswith(rule)
    assert bool(way.targets) is allowed


def test_static_routes_come_instead_of_the_dns() -> None:
    assert way_of(ROUTED, "routed.example").targets == ("192.0.2.7:5269", "[2001:db8::7]:5270")
    assert way_of(XMPP, "allowed.example").targets == ("SRV _xmpp-server._tcp.allowed.example",)


def test_what_the_certificate_must_be_depends_on_the_settings() -> None:
    def certificate(xmpp: Xmpp) -> str:
        return way_of(xmpp, "allowed.example").certificate

    assert certificate(XMPP).endswith("as an alternative name and leads to a trusted CA")
    assert certificate(replace(XMPP, crl="crl.pem")).endswith(", not revoked")
    assert certificate(replace(XMPP, require_client_certificates=False)).endswith("as an alternative name")
    assert certificate(replace(XMPP, security_mode="tls optional")).endswith("where TLS comes about")
    assert "no certificate counts" in certificate(replace(XMPP, security_mode="no tls"))


def test_an_inside_edge_sends_all_to_the_outside_edge_which_decides() -> None:
    inside = Xmpp(("ours.example",), inside_address="10.0.0.1", role="inside", peer_address="10.1.0.1")
    way = way_of(inside, "any.example")
    assert way.allowed and way.targets == ("the outside edge, 10.1.0.1:7400",) and "outside edge decides" in way.rule
    assert not way_of(inside, "ours.example").allowed
