"""Microsoft's numbers in plain words: ms-diagnostics, result codes of the Edge's log, HRESULTs, SIP status codes.

Texts in the headers vary between releases, so only the number counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Whose fault it is, seen from the message."""

    TARGET = "the domain that is called"
    SENDER = "the domain in From"
    REFUSER = "the side that answered: its policy or its users"
    SERVER = "the Microsoft servers between the two Edges"
    TLS = "the TLS between the two partners: the certificate of one, or the CAs that the other trusts"
    CLOCK = "the client's clock or credentials"
    FURTHER = "a hop further on: its own log says more"
    UNKNOWN = "cannot be told from this message"


@dataclass(frozen=True, slots=True)
class Meaning:
    words: str
    side: Side
    checks: tuple[str, ...] = ()
    """What to check next; ids of the table."""


_SRV = ("dns.srv", "dns.srv-single", "dns.split")
_DOMAIN = ("dns.srv-domain", "dns.srv-single")
_CERTIFICATE = ("tls.name", "tls.wildcard", "tls.san", "tls.sni", "sip.from")
_REVOCATION = ("tls.revocation",)
_TRUST = ("tls.chain-complete", "tls.trusted", "tls.dates", "tls.signature", "tls.revocation")
_TLS = (*_CERTIFICATE, *_TRUST, "tls.client-auth", "tls.server-auth", "tls.versions", "tls.suites")
_REACH = ("dns.target-address", "dns.reachable", "tls.handshake", "sip.negotiate")
_OWN = ("own.chain", "own.dates", "own.key", "own.signature", "own.client-auth")
EVERYTHING = (*_SRV, *_DOMAIN, "dns.target-address", *_TLS)

_ADMIT = (
    "the other side's policy lets no such request through: this side is not on its list of allowed domains, or the "
    "user may not federate"
)
MEANINGS: dict[int, Meaning] = {
    1000: Meaning("the final handshake of the sign-in failed", Side.CLOCK),
    1001: Meaning("the sender may not use public IM", Side.REFUSER),
    1002: Meaning(f"the sender is not allowed for federated partners: {_ADMIT}", Side.REFUSER),
    1003: Meaning("the user does not exist there", Side.REFUSER),
    1004: Meaning("the route set of the dialog is no longer valid: a proxy changed Route or Record-Route", Side.SERVER),
    1005: Meaning("no way to the destination domain", Side.TARGET, _SRV),
    1006: Meaning("an error while routing on the client's connection", Side.SERVER),
    1007: Meaning("no way at the moment: the next hop cannot be reached", Side.TARGET, _REACH),
    1008: Meaning("the SRV record of the domain cannot be resolved; an inside DNS zone may hide it", Side.TARGET, _SRV),
    1009: Meaning("the SRV target does not lie in exactly the SIP domain", Side.TARGET, _DOMAIN),
    1010: Meaning("the certificate is not trusted or carries the wrong name", Side.TARGET, _TLS),
    1011: Meaning("the previous hop gave no diagnostics", Side.FURTHER),
    1012: Meaning("the sender may not talk to anybody outside", Side.SENDER),
    1013: Meaning("the clocks differ too much", Side.CLOCK),
    1014: Meaning("the SRV target has no address", Side.TARGET, ("dns.target-address", "dns.ipv4", "dns.target-alias")),
    1017: Meaning(
        "this pair of From and To domains cannot be routed: a split domain (hybrid with Microsoft 365) whose lists of "
        "domains differ on both sides, or ms-split-domain-info of the wrong kind",
        Side.SERVER,
    ),
    1027: Meaning(f"this kind of request is not routed to or from federated partners: {_ADMIT}", Side.REFUSER),
    1034: Meaning("the federated peer refused without telling why", Side.FURTHER, EVERYTHING),
    1047: Meaning("TLS with the federated partner's server failed", Side.TLS, (*_TLS, *_OWN)),
    2004: Meaning("the subscriber is not authorised", Side.REFUSER),
    2013: Meaning("the event package msrtc-event-categories is required", Side.SENDER),
    2014: Meaning("the subscription does not exist (any more)", Side.SENDER, ("sip.notify-return",)),
    2016: Meaning("a new subscription is required", Side.SENDER, ("sip.notify-return",)),
    4003: Meaning("the called user is not enabled or does not exist", Side.REFUSER),
    4004: Meaning("the called user is not enabled or does not exist", Side.REFUSER),
    4005: Meaning("the called user is not enabled or does not exist", Side.REFUSER),
    4141: Meaning("the user is disabled", Side.REFUSER),
    4268: Meaning("delegate and delegator are in different deployments", Side.REFUSER),
    10003: Meaning("a proxy behind returned a failure code; its status is the one to look at", Side.FURTHER),
    15000: Meaning("a property of Exchange unified messaging is wrong", Side.REFUSER),
    24000: Meaning("the SDP cannot be read", Side.SENDER),
    51004: Meaning("the user did this", Side.UNKNOWN),
    51007: Meaning("the client did this", Side.UNKNOWN),
    2000004: Meaning("Microsoft 365 knows no tenant of this domain", Side.REFUSER),
}
"""1047: WinsockFailureCode 10054 beside it in the log of an Edge whose partner did not trust its CA. Numbers of seven
digits are those of Microsoft 365."""
RANGES = {
    1000: "the SIP stack of the server",
    2000: "presence",
    3000: "conferencing",
    4000: "user services",
    5000: "a server application",
    6000: "the IM conference server",
    7000: "the A/V conference server",
    8000: "telephony conferencing",
    9000: "the A/V authentication service",
    10000: "the Mediation Server",
    11000: "quality metrics",
    12000: "inbound voice routing",
    13000: "outbound voice routing",
    14000: "number translation",
    15000: "Exchange unified messaging",
    16000: "the intelligent IM filter",
    17000: "the client version filter",
}

LOG_CODES: dict[int, Meaning] = {
    0xC3E93D6F: Meaning(
        "the domain has an SRV record, but its target does not lie in exactly the SIP domain", Side.SENDER, _DOMAIN
    ),
    0xC3E93D67: Meaning(
        "the certificate does not carry the SRV target of the domain in From", Side.SENDER, _CERTIFICATE
    ),
    0xC3E93C5E: Meaning(
        "the Route headers are not this Edge's, or come from a source that is not trusted with them", Side.SENDER
    ),
    0xC3E93C2F: Meaning("the user or endpoint is unknown", Side.REFUSER),
}
LOG_NAMES = {
    "SIPPROXY_E_EPROUTING_MSG_INVALID_EXT_SPLIT_DOMAIN": MEANINGS[1017],
}
"""Result codes that are known by name only."""

HRESULTS = {
    0x80090308: ("SEC_E_INVALID_TOKEN", "the handshake was not TLS, or broke off", ("tls.handshake", "tls.versions")),
    0x80090322: ("SEC_E_WRONG_PRINCIPAL", "the certificate carries another name", _CERTIFICATE),
    0x80090325: ("SEC_E_UNTRUSTED_ROOT", "the chain leads to no trusted root", ("tls.chain-complete", "tls.trusted")),
    0x80090326: ("SEC_E_ILLEGAL_MESSAGE", "the handshake was refused", ("tls.handshake", "tls.versions", "tls.suites")),
    0x80090327: ("SEC_E_CERT_UNKNOWN", "the certificate could not be made use of", _TRUST),
    0x80090328: ("SEC_E_CERT_EXPIRED", "a certificate has expired", ("tls.dates", "tls.same-certificate")),
    0x80090331: (
        "SEC_E_ALGORITHM_MISMATCH",
        "the two sides have no TLS version or cipher suite in common",
        ("tls.versions", "tls.suites"),
    ),
    0x80090349: ("SEC_E_CERT_WRONG_USAGE", "the certificate is not meant for this use", ("tls.client-auth",)),
    0x80092010: ("CRYPT_E_REVOKED", "the certificate is revoked", ("tls.revocation",)),
    0x80092012: ("CRYPT_E_NO_REVOCATION_CHECK", "whether a certificate is revoked cannot be asked", _REVOCATION),
    0x80092013: (
        "CRYPT_E_REVOCATION_OFFLINE",
        "the server that knows revoked certificates is not reached",
        _REVOCATION,
    ),
    0x80096004: ("TRUST_E_CERT_SIGNATURE", "a signature in the chain is bad", ("tls.signature", "tls.trusted")),
    0x800B0101: ("CERT_E_EXPIRED", "a certificate has expired, or is not valid yet", ("tls.dates",)),
    0x800B0109: ("CERT_E_UNTRUSTEDROOT", "the chain leads to no trusted root", ("tls.trusted", "tls.chain-complete")),
    0x800B010A: ("CERT_E_CHAINING", "the chain leads to no root", ("tls.chain-complete", "tls.trusted")),
    0x800B010C: ("CERT_E_REVOKED", "the certificate is revoked", _REVOCATION),
    0x800B010F: ("CERT_E_CN_NO_MATCH", "the certificate carries another name", _CERTIFICATE),
    0x800B0110: ("CERT_E_WRONG_USAGE", "the certificate is not meant for this use", ("tls.client-auth",)),
    0x800B0112: ("CERT_E_UNTRUSTEDCA", "the chain leads to a CA that is not trusted", ("tls.trusted",)),
}
"""winerror.h of the Windows SDK."""
WINSOCK = {
    10050: "the network is down",
    10051: "the network of the other side cannot be reached",
    10053: "the connection was broken off on this side",
    10054: "the other side closed the connection, as it does when it does not trust the certificate that it is shown",
    10060: "the other side did not answer",
    10061: "nobody listens on this port of the other side",
    10065: "the host of the other side cannot be reached",
    11001: "the name of the other side is not in the DNS",
}
"""WSA error codes, winsock2.h of the Windows SDK."""

BARE = Meaning(
    "a Microsoft Edge refused the request and does not say why: the SRV record of the domain in From, or the "
    "certificate that was presented for it, does not meet its demands; only the Edge's own log tells which",
    Side.SENDER,
    EVERYTHING,
)
STATUSES: dict[int, Meaning] = {
    400: Meaning("the request is taken for malformed there; the reason phrase may say what", Side.REFUSER),
    403: Meaning(_ADMIT, Side.REFUSER),
    404: Meaning("nobody of that name, or no rule for it on the way", Side.UNKNOWN, ("sip.notify-return",)),
    405: Meaning("the method is not allowed there", Side.REFUSER),
    406: Meaning("there is no answer of a type that Accept takes", Side.REFUSER),
    408: Meaning("no answer in time from somebody further on", Side.FURTHER, ("dns.reachable",)),
    410: Meaning("the user is no longer there", Side.REFUSER),
    413: Meaning("the body is too large for the other side", Side.REFUSER),
    415: Meaning("the type of the body is not taken there; of a MESSAGE its Content-Type", Side.REFUSER),
    416: Meaning("the scheme of the Request-URI is not taken there", Side.REFUSER),
    420: Meaning("an option tag in Require or Proxy-Require is refused; for presence it must be let pass", Side.REFUSER,
                 ("sip.benotify",)),
    421: Meaning("the other side demands an extension that this request does not support", Side.REFUSER),
    423: Meaning("the time that is asked for in Expires is too short", Side.SENDER),
    480: Meaning("nobody is signed in there under this name, or nobody can be reached at the moment", Side.REFUSER),
    481: Meaning("the dialog is not known there (any more)", Side.FURTHER),
    482: Meaning("the request came by twice: a loop in the routing", Side.FURTHER),
    483: Meaning("too many hops: most often a loop in the routing", Side.FURTHER),
    484: Meaning("the number is incomplete", Side.SENDER),
    485: Meaning("the name stands for several users", Side.SENDER),
    486: Meaning("the user is busy", Side.REFUSER),
    488: Meaning("the offered media or the session are not acceptable there", Side.REFUSER),
    489: Meaning("the event package in Event (presence, for instance) is not served there", Side.REFUSER),
    491: Meaning("both sides changed the session at the same time; it is tried again", Side.REFUSER),
    500: Meaning("the server there has an error of its own; its log says more", Side.REFUSER),
    501: Meaning("the method is not known there", Side.REFUSER),
    503: Meaning("the server, or the way to the next one, is down or too busy", Side.FURTHER, ("dns.reachable",)),
    504: Meaning("a server further on was not reached or refused", Side.FURTHER, EVERYTHING),
    505: Meaning("the version of SIP is not known there", Side.REFUSER),
    513: Meaning("the message is too large for the server there", Side.REFUSER),
    600: Meaning("the user is busy everywhere", Side.REFUSER),
    603: Meaning("the user declined, or a policy did so for the user", Side.REFUSER),
    604: Meaning("the user exists nowhere", Side.REFUSER),
    606: Meaning("refused by a policy of the other side, or the offered session is acceptable nowhere", Side.REFUSER),
}  # fmt: skip
"""RFC 3261 section 21, RFC 6665 (489)."""
POLICY_WARNING = 309
"""With 606: the content was refused by a policy (a filter of links); the client shows it to the user."""
