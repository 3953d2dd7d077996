"""The checks of XMPP federation; their symptoms are what users and other servers see."""

from __future__ import annotations

from .check import Check, Symptom

_NOBODY = Symptom("servers of partners find nobody; their users get remote-server-not-found")
_NO_STREAM = Symptom("no stream between the servers; users get remote-server-timeout")
_REFUSED = Symptom("an edge of Cisco's or ours refuses the domain, whatever its settings")

XMPP = (
    Check(
        "xmpp.srv",
        "_xmpp-server._tcp of the XMPP domain or chat node alias has an SRV record, or there are static routes",
        _NOBODY,
        "Publish _xmpp-server._tcp.<domain> SRV 0 0 5269 and the name of the server.",
    ),
    Check(
        "xmpp.port",
        "the SRV records name port 5269",
        Symptom("firewalls of partners mostly let only 5269 out"),
        "Let the SRV records name port 5269 and listen there.",
    ),
    Check(
        "xmpp.address",
        "the targets of the SRV records or static routes have addresses",
        _NOBODY,
        "Publish A or AAAA records for the targets.",
    ),
    Check(
        "xmpp.reachable",
        "every address takes TCP connections",
        _NO_STREAM,
        "Start the server, or open port 5269 in the firewall, in both directions.",
    ),
    Check(
        "xmpp.stream",
        "the server answers a stream header with its features",
        _NO_STREAM,
        "Look at the server's log: it may not serve this domain, or not allow the domain that asks.",
    ),
    Check(
        "xmpp.starttls",
        "the server offers STARTTLS",
        Symptom("edges that require TLS, as is the default, cannot federate with it"),
        "Give the server a certificate and switch TLS on for streams between servers.",
    ),
    Check(
        "xmpp.handshake",
        "the TLS handshake behind STARTTLS is completed",
        _NO_STREAM,
        "Look at the reason: most often the server does not trust the CA of the certificate that it is shown.",
    ),
    Check(
        "xmpp.name",
        "the certificate carries the domain in subjectAltName (DNS name, XmppAddr or SRVName; never the common name)",
        _REFUSED,
        "Get a certificate with the XMPP domain and every chat node alias as DNS names.",
    ),
    Check(
        "xmpp.trusted",
        "the chain of the certificate leads to a trusted CA",
        Symptom("edges that require client-side security certificates refuse it"),
        "Get the certificate from a CA that both sides trust, and send the intermediate certificates with it.",
    ),
    Check(
        "xmpp.dates",
        "the certificates of the chain are valid today",
        Symptom("edges that require client-side security certificates refuse it"),
        "Renew the certificate.",
    ),
    Check(
        "xmpp.dialback",
        "the server offers dialback",
        Symptom("edges of Cisco's or ours prove identities by dialback only: no stream is ever authenticated"),
        "Switch server dialback (XEP-0220) on; SASL EXTERNAL alone is not enough.",
    ),
)
