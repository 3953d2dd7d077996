"""The one table of all checks: id, demand, what Microsoft's side shows when it is not met, and how to mend it.

docs/doctor.md prints it (``python -m sipedge.doctor.checks.table``); a test compares. Codes, log lines and HRESULTs are
those that Microsoft and Cisco publish for the fault; where a check has none, the effect says what a user notices.
"""

from __future__ import annotations

from .check import Check, Symptom
from .web_rows import WEB
from .xmpp_rows import XMPP

_NOT_FOUND = Symptom("the Edge cannot find the domain; the partner's users get 504", 1008)
_WRONG_DOMAIN = Symptom(
    "504 in both directions; bare towards this side",
    1009,
    "0xc3e93d6f SIPPROXY_E_EPROUTING_MSG_ALLOWED_DOMAIN_NO_SRV_MATCH",
)
_NO_ADDRESS = Symptom("the Edge finds the name but no address; 504", 1014)
_NO_WAY = Symptom("the Edge cannot connect; 504", 1007)
_MISMATCH = "0xc3e93d67 SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH"
_WRONG_NAME = Symptom("504; bare towards this side", 1010, _MISMATCH, "0x80090322 SEC_E_WRONG_PRINCIPAL")
_UNTRUSTED = Symptom("the handshake ends; 504", 1010, hresult="0x80090325 SEC_E_UNTRUSTED_ROOT")
_EXPIRED = Symptom("the handshake ends; 504", 1010, hresult="0x80090328 SEC_E_CERT_EXPIRED")
_HANDSHAKE = Symptom("the handshake ends; 504", 1010, hresult="0x80090326 SEC_E_ILLEGAL_MESSAGE")
_USAGE = Symptom("the handshake ends; 504", 1010, hresult="0x80090349 SEC_E_CERT_WRONG_USAGE")
_SIGNATURE = Symptom("the handshake ends; 504", 1010, hresult="0x80096004 TRUST_E_CERT_SIGNATURE")
_REVOKED = Symptom("the handshake ends; 504", 1010, hresult="0x80092010 CRYPT_E_REVOKED")
_LATER = Symptom("nothing yet")
_NONE = Symptom("nothing on the Microsoft side")

_DNS = (
    Check(
        "dns.srv",
        "_sipfederationtls._tcp of the SIP domain has an SRV record",
        _NOT_FOUND,
        "Publish _sipfederationtls._tcp.<domain> SRV 0 0 5061 sip.<domain> in the public DNS.",
    ),
    Check(
        "dns.srv-single",
        "there is one SRV record",
        Symptom("the Edge takes the lowest priority, then the highest weight, and never tries the others"),
        "Keep one SRV record; for more servers give its target several addresses.",
    ),
    Check(
        "dns.srv-port",
        "the SRV record names port 5061",
        Symptom("firewalls of partners mostly let only 5061 out; port 0 is no port; 504", 1007),
        "Let the SRV record name port 5061 and listen there.",
    ),
    Check(
        "dns.srv-domain",
        "the SRV target lies in exactly the SIP domain, or is a known hosting provider's",
        _WRONG_DOMAIN,
        "Let the SRV record point to a host name directly in the SIP domain, such as sip.<domain>; "
        "give each SIP domain a name of its own.",
    ),
    Check(
        "dns.target-name",
        "the SRV target is a host name, no address",
        Symptom("the Edge cannot resolve the target; 504", 1014),
        "Write a host name into the SRV record, and give that name an A record.",
    ),
    Check(
        "dns.target-alias",
        "the SRV target has addresses of its own and is no alias (RFC 2782)",
        Symptom("the certificate is checked against the SRV target, not against the alias's name; resolvers differ"),
        "Replace the CNAME by A and AAAA records.",
    ),
    Check(
        "dns.target-address",
        "the SRV target has an A or AAAA record",
        _NO_ADDRESS,
        "Publish an A record for the SRV target.",
    ),
    Check(
        "dns.ipv4",
        "the SRV target has an A record",
        Symptom("an Edge without IPv6 finds no address; 504", 1014),
        "Publish an A record beside the AAAA record.",
    ),
    Check(
        "dns.address-public",
        "the addresses can be reached from the Internet",
        _NO_WAY,
        "Publish the public address; an inside address belongs into the inside view of the DNS only.",
    ),
    Check(
        "dns.reachable",
        "every address takes TCP connections on the port of the SRV record",
        _NO_WAY,
        "Start the service, or open the port in the firewall; take addresses of dead servers out of the DNS.",
    ),
    Check(
        "dns.ttl",
        "records live for a day at most",
        Symptom("a mended record is seen late"),
        "Lower the TTL, an hour will do.",
    ),
    Check(
        "dns.service",
        "the services that the configuration asks for have SRV records on their usual ports",
        _NONE,
        "Publish the SRV record with the usual port, or take the service out of the configuration.",
    ),
    Check(
        "dns.service-target",
        "the targets of these SRV records are names with addresses",
        _NONE,
        "Publish A or AAAA records for the targets.",
    ),
    Check(
        "dns.peer",
        "the names of a zone's peers have addresses",
        _NONE,
        "Publish the names in the DNS that the edge asks, or correct the zone's peers.",
    ),
    Check(
        "dns.routing-address",
        "inside, the federation-routing FQDN has an A record",
        Symptom("NOTIFY finds no way to the IM and Presence node; presence stays unknown"),
        "Publish an A record for the federation-routing FQDN in the inside DNS, with the publisher's address.",
    ),
    Check(
        "dns.routing-pointer",
        "inside, the federation-routing FQDN's address has no PTR record that leads back to it",
        Symptom("the IM and Presence node takes the public name for its own; presence and chat go astray"),
        "Take away the PTR record of the federation-routing FQDN.",
    ),
    Check(
        "dns.split",
        "inside and outside answers for the SIP domain agree",
        Symptom("who asks the inside DNS finds nothing or another server; 504", 1008),
        "Publish the same SRV record inside, or ask an outside DNS server for partners' domains.",
    ),
)

_TLS = (
    Check(
        "tls.handshake",
        "the handshake is completed, with the client certificate presented where there is one",
        _HANDSHAKE,
        "Look at the reason: most often the server does not trust the client's CA, or does not speak TLS on this port.",
    ),
    Check(
        "tls.client-certificate",
        "the server demands a client certificate (mutual TLS)",
        Symptom("nothing; but anybody may speak to this server without saying who they are"),
        "Require client certificates on the federation listener.",
    ),
    Check(
        "tls.versions",
        "TLS 1.2 is offered, and nothing older",
        _HANDSHAKE,
        "Offer TLS 1.2 and 1.3: Skype for Business Server 2015 and 2019 speak 1.2 at most; switch 1.0 and 1.1 off.",
    ),
    Check(
        "tls.suites",
        "TLS 1.2 is spoken with forward secrecy and authenticated encryption (ECDHE with AES-GCM or ChaCha20)",
        _HANDSHAKE,
        "Switch on the ECDHE suites with AES-GCM.",
    ),
    Check(
        "tls.name",
        "the certificate carries the SRV target exactly",
        _WRONG_NAME,
        "Get a certificate with the SRV target (sip.<domain>) in subjectAltName, one such name for each SIP domain.",
    ),
    Check(
        "tls.wildcard",
        "the name is written out, not covered by a wildcard",
        _WRONG_NAME,
        "Get a certificate with the SRV target written out in subjectAltName.",
    ),
    Check(
        "tls.san",
        "the certificate has a subjectAltName with names",
        Symptom("the common name counts only while there is no subjectAltName; modern partners ignore it", 1010),
        "Get a certificate with the SRV target in subjectAltName.",
    ),
    Check(
        "tls.chain-order",
        "each certificate in the chain is followed by its issuer's (RFC 5246 7.4.2), with none that does not belong",
        Symptom("strict peers end the handshake", hresult="0x80090325 SEC_E_UNTRUSTED_ROOT"),
        "Put the certificates into the file in this order: own, issuer's, issuer's issuer's.",
    ),
    Check(
        "tls.chain-complete",
        "all intermediate certificates are sent",
        _UNTRUSTED,
        "Append the intermediate certificates to the certificate file.",
    ),
    Check(
        "tls.trusted",
        "the chain leads to a trusted CA",
        _UNTRUSTED,
        "Append the intermediate certificates to the certificate file if the issuer is one; "
        "else get the certificate from a CA that the partner trusts (for Microsoft 365: a public one).",
    ),
    Check(
        "tls.dates",
        "all certificates of the chain are valid today",
        _EXPIRED,
        "Renew the certificate, then drop the old connections: they keep showing the old one.",
    ),
    Check(
        "tls.expiry",
        "the certificate lives longer than the time that a renewal takes",
        _LATER,
        "Renew the certificate now.",
    ),
    Check(
        "tls.key",
        "the key is RSA with 2048 bits or more, or on the curve P-256, P-384 or P-521",
        _HANDSHAKE,
        "Make a new key that Windows accepts: RSA 2048 or larger, or P-256.",
    ),
    Check(
        "tls.signature",
        "the chain is signed with SHA-256 or better, not with SHA-1, MD5 or RSASSA-PSS",
        _SIGNATURE,
        "Let the CA sign anew with sha256WithRSAEncryption or ecdsa-with-SHA256.",
    ),
    Check(
        "tls.server-auth",
        "the certificate may be used by a server (extended key usage serverAuth)",
        _USAGE,
        "Get a certificate with serverAuth.",
    ),
    Check(
        "tls.client-auth",
        "the certificate may be used by a client (extended key usage clientAuth), for connections to partners",
        _USAGE,
        "Get a certificate with clientAuth, perhaps a second one for outgoing connections only; "
        "say --client-certificate when the domain has one.",
    ),
    Check(
        "tls.client-auth-forecast",
        "the next renewal by a public CA still brings clientAuth",
        Symptom("nothing until then; then as tls.client-auth", hresult="0x80090349 SEC_E_CERT_WRONG_USAGE"),
        "Plan a second certificate for outgoing connections, from a CA that still issues clientAuth, "
        "and agree with partners on an extended key usage policy of warn.",
    ),
    Check(
        "tls.revocation",
        "the certificate is not revoked",
        _REVOKED,
        "Replace the revoked certificate.",
    ),
    Check(
        "tls.same-certificate",
        "all addresses show the same certificate",
        Symptom("federation works or fails by the address that the Edge happens to take"),
        "Install the same certificate everywhere; after a renewal, restart what still shows the old one.",
    ),
    Check(
        "tls.sni",
        "without SNI the server shows a certificate with the same name",
        Symptom("an Edge that sends no SNI gets another certificate; 504", 1010, _MISMATCH),
        "Make the certificate of the federation domain the listener's first one.",
    ),
)

_OWN = (
    Check(
        "own.files",
        "certificate and key can be read and belong together",
        _NONE,
        "Give the PEM file of the certificate (own one first) and of its key without passphrase.",
    ),
    Check(
        "own.chain",
        "the file holds the whole chain in order, and it leads to a trusted CA",
        _UNTRUSTED,
        "Append the intermediate certificates to the certificate file.",
    ),
    Check(
        "own.system-name",
        "the certificate names system_name where a zone is hidden: sealed Contacts lead partners there",
        _WRONG_NAME,
        "Get a certificate that names system_name, or let system_name be a name that the certificate has.",
    ),
    Check("own.dates", "the certificate is valid today", _EXPIRED, "Renew the certificate."),
    Check(
        "own.expiry",
        "the certificate lives longer than the time that a renewal takes",
        _LATER,
        "Renew the certificate now.",
    ),
    Check(
        "own.key",
        "the key is RSA with 2048 bits or more, or on the curve P-256, P-384 or P-521",
        _HANDSHAKE,
        "Make a new key: RSA 2048 or larger, or P-256.",
    ),
    Check(
        "own.signature",
        "the chain is signed with SHA-256 or better, not with SHA-1, MD5 or RSASSA-PSS",
        _SIGNATURE,
        "Let the CA sign anew with sha256WithRSAEncryption or ecdsa-with-SHA256.",
    ),
    Check(
        "own.client-auth",
        "the certificate that is presented to partners may be used by a client (clientAuth)",
        _USAGE,
        "Get a certificate with clientAuth for outgoing connections.",
    ),
    Check(
        "own.client-auth-forecast",
        "the next renewal by a public CA still brings clientAuth",
        Symptom("nothing until then; then as own.client-auth", hresult="0x80090349 SEC_E_CERT_WRONG_USAGE"),
        "Plan a certificate for outgoing connections from a CA that still issues clientAuth, "
        "and agree with partners on an extended key usage policy of warn.",
    ),
)

_SIP = (
    Check(
        "sip.negotiate",
        "NEGOTIATE, the first request of an Edge, gets an answer",
        Symptom("the Edge waits, then gives the connection up; 504", 1007),
        "Answer NEGOTIATE with 405 or 501 and never forward it (Max-Forwards is 0).",
    ),
    Check(
        "sip.options",
        "OPTIONS as Test-CsFederatedPartner sends it gets an answer",
        Symptom("Test-CsFederatedPartner fails with 504", 1034),
        "Follow the request: `sipedge doctor --explain` on the edge's trace says who refused it.",
    ),
    Check(
        "sip.benotify",
        "Proxy-Require: ms-benotify is not refused",
        Symptom("subscriptions to presence get 420; presence stays unknown"),
        "Treat ms-benotify as understood, or strip it from Proxy-Require.",
    ),
    Check(
        "sip.from",
        "the domain in From has an SRV target that the presented certificate carries",
        Symptom(
            "bare 504 to every request of the domain",
            1010,
            _MISMATCH,
            "0x80090322 SEC_E_WRONG_PRINCIPAL",
        ),
        "Put the SRV target of each SIP domain that sends into the subjectAltName of the client certificate.",
    ),
    Check(
        "sip.notify-return",
        "a NOTIFY to the federation-routing FQDN has a way in the dial plan",
        Symptom("NOTIFY gets 404; presence stays unknown"),
        "Add a search rule that matches the federation-routing FQDN, from the zone where partners come in, to the "
        "zone of the IM and Presence node.",
    ),
)

CHECKS: dict[str, Check] = {check.id: check for check in (*_DNS, *_TLS, *_OWN, *_SIP, *XMPP, *WEB)}


def ids(prefix: str) -> tuple[str, ...]:
    """All ids that begin so, in the order of the table."""
    return tuple(id for id in CHECKS if id.startswith(prefix))


def to_markdown() -> str:
    """The table for docs/doctor.md."""
    lines = ["| id | demand | on Microsoft's side when it is not met | how to mend it |", "|---|---|---|---|"]
    for check in CHECKS.values():
        lines.append(f"| `{check.id}` | {check.demand} | {_signs(check.symptom)} | {check.mend} |")
    return "\n".join(line.replace("<domain>", "DOMAIN") for line in lines)


def _signs(symptom: Symptom) -> str:
    number = f"ms-diagnostics {symptom.diagnostics}" if symptom.diagnostics else ""
    return "; ".join(filter(None, (symptom.effect, number, symptom.log, symptom.hresult)))


if __name__ == "__main__":
    print(to_markdown())
