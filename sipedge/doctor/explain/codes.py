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
_TRUST = ("tls.chain-complete", "tls.trusted", "tls.dates", "tls.signature", "tls.revocation")
_TLS = (*_CERTIFICATE, *_TRUST, "tls.client-auth", "tls.server-auth", "tls.versions", "tls.suites")
_REACH = ("dns.target-address", "dns.reachable", "tls.handshake", "sip.negotiate")
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
}
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
    0x80090322: ("SEC_E_WRONG_PRINCIPAL", "the certificate carries another name", _CERTIFICATE),
    0x80090325: ("SEC_E_UNTRUSTED_ROOT", "the chain leads to no trusted root", ("tls.chain-complete", "tls.trusted")),
    0x80090326: ("SEC_E_ILLEGAL_MESSAGE", "the handshake was refused", ("tls.handshake", "tls.versions", "tls.suites")),
    0x80090328: ("SEC_E_CERT_EXPIRED", "a certificate has expired", ("tls.dates", "tls.same-certificate")),
    0x80090349: ("SEC_E_CERT_WRONG_USAGE", "the certificate is not meant for this use", ("tls.client-auth",)),
    0x80092010: ("CRYPT_E_REVOKED", "the certificate is revoked", ("tls.revocation",)),
    0x80096004: ("TRUST_E_CERT_SIGNATURE", "a signature in the chain is bad", ("tls.signature", "tls.trusted")),
    0x800B0110: ("CERT_E_WRONG_USAGE", "the certificate is not meant for this use", ("tls.client-auth",)),
}

BARE = Meaning(
    "a Microsoft Edge refused the request and does not say why: the SRV record of the domain in From, or the "
    "certificate that was presented for it, does not meet its demands; only the Edge's own log tells which",
    Side.SENDER,
    EVERYTHING,
)
STATUSES: dict[int, Meaning] = {
    403: Meaning(_ADMIT, Side.REFUSER),
    404: Meaning("nobody of that name, or no rule for it on the way", Side.UNKNOWN, ("sip.notify-return",)),
    408: Meaning("no answer in time from somebody further on", Side.FURTHER, ("dns.reachable",)),
    420: Meaning("an option tag in Require or Proxy-Require is refused; for presence it must be let pass", Side.REFUSER,
                 ("sip.benotify",)),
    481: Meaning("the dialog is not known there (any more)", Side.FURTHER),
    482: Meaning("the request came by twice: a loop in the routing", Side.FURTHER),
    483: Meaning("too many hops: most often a loop in the routing", Side.FURTHER),
    503: Meaning("the server, or the way to the next one, is down or too busy", Side.FURTHER, ("dns.reachable",)),
    504: Meaning("a server further on was not reached or refused", Side.FURTHER, EVERYTHING),
}  # fmt: skip
POLICY_WARNING = 309
"""With 606: the content was refused by a policy (a filter of links); the client shows it to the user."""
