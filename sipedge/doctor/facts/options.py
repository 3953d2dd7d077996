"""What is to be examined, and within which bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from sipedge.settings import Certificate, DnsSettings, Settings
from zones.addresses import PUBLIC, Allowed

from .sip import NOBODY
from .web import WebName
from .xmpp import XmppDomain

HOSTING_PROVIDERS = frozenset(
    {
        "sipfed.online.lync.com",
        "sipfed.online.gov.skypeforbusiness.us",
        "sipfed.online.dod.skypeforbusiness.us",
        "sipfed.online.partner.lync.cn",
    }
)
"""Targets that may lie outside the SIP domain: Microsoft's own Edges are on every Edge's list of hosting providers."""


class CallDirection(Enum):
    """Who calls whom. Inbound: a partner calls the domain; outbound: the domain calls a partner."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BOTH = "both"

    @property
    def inbound(self) -> bool:
        return self is not CallDirection.OUTBOUND

    @property
    def outbound(self) -> bool:
        return self is not CallDirection.INBOUND


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds and numbers that keep an examination short whatever the other side does."""

    check: float = 5.0
    """For one question to the DNS, one handshake, one answer."""
    whole: float = 60.0
    at_once: int = 16
    """Connections and questions under way at the same time."""
    questions: int = 512
    """Questions to one DNS server in one examination."""
    expiry_days: int = 21
    """A certificate that lives shorter than this is a warning."""


@dataclass(frozen=True, slots=True)
class Options:
    domains: tuple[str, ...] = ()
    direction: CallDirection = CallDirection.BOTH
    dns: DnsSettings = field(default_factory=DnsSettings)
    """The outside view."""
    inside_dns: DnsSettings | None = None
    """The inside view of a split DNS; None: checks of the inside ask ``dns``."""
    trusted: str = ""
    """PEM file of trusted CAs; '' for those of the system."""
    client: Certificate | None = None
    """Presented on every connection that is opened."""
    faces_partners: bool = True
    """False: ``client`` is shown to servers of this side only, so nobody compares it with From."""
    own_domains: tuple[str, ...] = ()
    """SIP domains that ``client`` speaks for; () for those that its names suggest."""
    routing_names: tuple[str, ...] = ()
    """Federation-routing FQDNs."""
    services: tuple[tuple[str, str], ...] = ()
    """Further SRV records to look at: service ("_sips._tcp") and domain."""
    xmpp: tuple[XmppDomain, ...] = ()
    """XMPP domains and chat node aliases."""
    xmpp_sender: str = NOBODY
    """The XMPP domain that streams come from."""
    xmpp_chain_counts: bool = True
    """The edge refuses partners whose certificates lead to no trusted CA."""
    web: tuple[WebName, ...] = ()
    """Published web services."""
    settings: Settings | None = None
    """The installation, for its zones and its dial plan."""
    zone: str = ""
    """Of its zones only this one; '' all."""
    hosting_providers: frozenset[str] = HOSTING_PROVIDERS
    allowed: Allowed = PUBLIC
    """What is connected to beside public addresses when the DNS says so."""
    revocation: bool = True
    """Ask the authority (OCSP) that a certificate names, over HTTP."""
    bounds: Bounds = field(default_factory=Bounds)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    """What certificates' dates are measured against."""
