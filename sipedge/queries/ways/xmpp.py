"""Where a stanza to a partner's domain would go, by which key of ``[xmpp]``, and what the partner has to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sipedge.settings import Xmpp
from zones.addresses import host_port


@dataclass(frozen=True, slots=True)
class XmppWay:
    domain: str
    allowed: bool
    rule: str
    """The key that decides."""
    targets: tuple[str, ...]
    """``address:port`` of each static route, all equal, or the SRV record that the DNS is asked for; none when it is
    not allowed."""
    certificate: str
    """What the partner's certificate must be, in both directions; one sentence."""

    def to_json(self) -> dict[str, Any]:
        return {
            "domain": self.domain,
            "allowed": self.allowed,
            "rule": self.rule,
            "targets": list(self.targets),
            "certificate": self.certificate,
        }


def way_of(xmpp: Xmpp, domain: str) -> XmppWay:
    """``domain``: in any case, with or without a dot at its end; names are compared whole."""
    name = domain.removesuffix(".").lower()
    if name in (*xmpp.domains, *xmpp.chat_node_aliases):
        return XmppWay(name, False, "it is our own: [xmpp] domains, chat_node_aliases", (), "")
    if xmpp.role == "inside":
        target = host_port(xmpp.peer_address, xmpp.peer_port)
        return XmppWay(name, True, 'role = "inside": the outside edge decides', (f"the outside edge, {target}",), "")
    routes = [route for route in xmpp.routes if route.domain == name] if xmpp.use_static_routes else []
    allowed, rule = _privacy(xmpp, name, bool(routes))
    if not allowed:
        return XmppWay(name, False, rule, (), "")
    static = tuple(host_port(route.address, route.port) for route in routes)
    return XmppWay(name, True, rule, static or (f"SRV _xmpp-server._tcp.{name}",), _certificate(xmpp, name))


def _privacy(xmpp: Xmpp, name: str, routed: bool) -> tuple[bool, str]:
    """Whether the domain is allowed, and the key that says so."""
    if xmpp.privacy_mode == "off":
        return True, 'privacy_mode = "off"'
    if xmpp.privacy_mode == "deny list":
        denied = name in xmpp.deny
        return not denied, "it stands in deny" if denied else "it does not stand in deny"
    if name in xmpp.allow:
        return True, "it stands in allow"
    return (True, "it has a static route") if routed else (False, "it stands neither in allow nor has a static route")


def _certificate(xmpp: Xmpp, name: str) -> str:
    if xmpp.security_mode == "no tls":
        return "no TLS is used, so no certificate counts"
    chain = f"names {name} as an alternative name"
    if xmpp.require_client_certificates:
        chain += " and leads to a trusted CA" + (", not revoked" if xmpp.crl else "")
    return f"its certificate {chain}" + (", where TLS comes about" if xmpp.security_mode == "tls optional" else "")
