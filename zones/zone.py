"""What lies where: the zones an edge knows, as frozen records (Expressway: Configuration > Zones).

Names, values and defaults follow the Expressway. Where this edge is stricter on purpose, the field says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from .calls import CallPolicy

DEFAULT_ZONE = "Default Zone"
LOCAL_ZONE = "Local Zone"
MICROSOFT_SERVICE = "_sipfederationtls._tcp"
"""Where federation partners of Lync and Skype for Business are published."""

Transport = Literal["TLS", "TCP"]
TlsVersion = Literal["1.2", "1.3"]


@dataclass(frozen=True, slots=True)
class Hop:
    """One place to send a request to: an address to connect to, or a connection that is already there."""

    zone: str
    transport: Transport = "TLS"
    address: str = ""
    """IPv4 or IPv6 text, never a name."""
    port: int = 0
    name: str = ""
    """The name the peer's certificate must carry and that SNI asks for; '' where the zone does not verify."""
    connection: int = 0
    """When not 0: send on this open connection (traversal zones); address and port say nothing."""


class Topology(Enum):
    """What the peers of other zones see of a zone."""

    OPEN = "open"
    """All that its peers write."""
    HIDDEN = "hidden"
    """Neither hosts nor addresses: Via, Record-Route, Contact and Call-ID are kept back or sealed."""
    B2BUA = "b2bua"
    """As hidden; of calls the edge is the user agent on both sides, and keeps their dialogs."""


class AuthenticationPolicy(Enum):
    __hash__ = object.__hash__  # of identity, in C: Enum's own is Python, and is called for each look into the table

    CHECK = "check credentials"
    DO_NOT_CHECK = "do not check credentials"
    TREAT_AS_AUTHENTICATED = "treat as authenticated"


class FromDomain(Enum):
    """Whose domains the peers of a zone may write into From (and P-Asserted-Identity where it is believed)."""

    CERTIFICATE = "certificate"
    """Names of the peer's certificate, and domains whose federation SRV record leads to such a name (repro's and
    Microsoft's rule). ``from_domains`` narrows it: only those of them."""
    LIST = "list"
    """Those of ``from_domains``: who the peer is has been checked by access rules or subject names."""
    ANY = "any"


class ExtendedKeyUsage(Enum):
    """What to do with a peer certificate that lacks the usage of its role (clientAuth inbound, serverAuth outbound)."""

    STRICT = "strict"
    WARN = "warn"
    OFF = "off"


class Revocation(Enum):
    """What to do with a peer whose certificate, or a CA of it, may be revoked."""

    OFF = "off"
    SOFT = "soft"
    """A revoked one is refused; where no valid list tells, the log says so."""
    HARD = "hard"
    """Without a valid list for each certificate of the chain there is no connection."""


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """How a zone treats its peer's certificate. ``verify`` defaults to on (Expressway: off): fail closed."""

    verify: bool = True
    """Check the name in the certificate, both directions. The chain is always checked."""
    subject_names: tuple[str, ...] = ()
    """Names of which one must be in the certificate; empty: the configured peer name (neighbor, traversal client) or
    the SRV target / domain (DNS)."""
    wildcards: bool = False
    """Whether ``*.example.com`` in a certificate matches one label (RFC 6125 6.4.3); RFC 5922 7.2 forbids it."""
    minimum_version: TlsVersion = "1.2"
    extended_key_usage: ExtendedKeyUsage = ExtendedKeyUsage.STRICT
    revocation: Revocation = Revocation.OFF
    crl: tuple[str, ...] = ()
    """Files of revocation lists (PEM or DER), and folders of such files."""
    fetch_crl: bool = False
    """Fetch the lists that the certificates name, too (CRL distribution points), over http."""


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """How many requests a zone takes from its peers, and sends to one of them. Rates are requests a second, 0: any."""

    messages_per_second: float = 0.0
    """From all peers together. Of a full rate each of them has its share: none takes another's."""
    per_peer: float = 0.0
    """From one peer: an address, or the /64 of an IPv6 site."""
    per_domain: float = 0.0
    """From one domain in From, once its sender may speak for it."""
    burst: float = 5.0
    """Seconds' worth of each rate that may come at once from who was quiet before."""
    subscribe_targets: int = 0
    """Different addresses that one peer may subscribe to in an hour; 0: any number."""
    pace: float = 0.0
    """To one peer or partner; what is more waits for its turn. Zones outside pace Microsoft traffic only."""
    pace_wait: float = 10.0
    """Seconds that a request waits for its turn at most: so long is the queue. A sender gives up after 32."""


UNLIMITED = RatePolicy()
STRANGERS = RatePolicy(messages_per_second=500.0, per_peer=100.0, per_domain=100.0, subscribe_targets=5000, pace=20.0)
"""``pace``: what an Edge of Lync or Skype for Business takes from a partner that it has discovered
(Set-CsAccessEdgeConfiguration, DiscoveredPartnerStandardRate)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Settings that all zones have."""

    name: str
    hop_count: int = 15
    transport: Transport = "TLS"
    authentication_policy: AuthenticationPolicy = AuthenticationPolicy.DO_NOT_CHECK
    authentication_trust: bool = False
    from_domain: FromDomain = FromDomain.ANY
    """Own domains never come from outside (Default Zone, DNS zones), unless ``from_domains`` lists them or a password
    is asked for."""
    from_domains: tuple[str, ...] = ()
    preloaded_routes: bool = True
    """False: an INVITE with a foreign Route from this zone gets 404 (Expressway: Preloaded SIP routes support Off)."""
    record_route_subscribe: bool | None = None
    """Whether SUBSCRIBE and NOTIFY to and from this zone are record-routed, so that a subscription stays on its way
    (RFC 6665 4.3). None: all but Microsoft's, whose NOTIFY is searched like a new request, as an Expressway does."""
    proxy_require_strip: tuple[str, ...] = ()
    """Option tags taken out of Proxy-Require on the way to this zone."""
    border: bool = False
    """True: ms-edge-proxy-message-trust from this zone is removed (MS-SIPRE 2.2.15)."""
    record_route_hostname: bool = False
    """False: Record-Route and Via carry the listener's address; True: the edge's host name."""
    topology: Topology = Topology.OPEN
    hide_call_id: bool = True
    """Whether a hidden zone's Call-IDs are sealed as well."""
    longest_user_part: int = 0
    """Characters of a SIP URI's user part that the peers of this zone take; what a hidden zone seals for them is kept
    beyond it, and a handle goes out. 0: any number."""
    poison: bool = False
    """True: a request sent out through this zone is refused when it comes back (SIP poison mode)."""
    tls: TlsPolicy = field(default_factory=TlsPolicy)
    rate: RatePolicy = UNLIMITED
    b2bua: CallPolicy = CallPolicy()


class LookUp(Enum):
    ADDRESS = "address"
    SERVICE_RECORD = "service record"


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborZone(Zone):
    peers: tuple[str, ...] = ()
    """1 to 6 addresses or names (look_up ADDRESS), or one domain (SERVICE_RECORD)."""
    port: int = 5061
    look_up: LookUp = LookUp.ADDRESS
    service: str = "_sips._tcp"
    monitor: bool = True
    """OPTIONS every ``monitor_interval`` seconds."""
    monitor_interval: float = 60.0
    server_error_alive: bool = True
    """A 5xx answer to OPTIONS counts as alive (Expressway: ClassFiveResponseLiveness)."""
    federation_routing: tuple[str, ...] = ()
    """Federation Routing FQDNs of the IM&P cluster behind the zone: Contacts of its users. Read by the doctor and by
    the proof that NOTIFY returns; requests are routed by search rules."""


@dataclass(frozen=True, slots=True)
class Credential:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraversalServerZone(Zone):
    """``tls.subject_names`` is Expressway's *TLS verify subject name*."""

    port: int = 7001
    username: str = ""
    credential: Credential | None = None
    """Looked up by ``username`` in the local database when the configuration is read."""
    realm: str = "TraversalZone"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraversalClientZone(Zone):
    peers: tuple[str, ...] = ()
    port: int = 7001
    credential: Credential | None = None
    retry_interval: float = 120.0
    """Longest pause between attempts; the first ones come sooner (back-off)."""
    keepalive_interval: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsZone(Zone):
    from_domain: FromDomain = FromDomain.CERTIFICATE
    rate: RatePolicy = STRANGERS
    border: bool = True
    modify_dns_request: str = ""
    """The domain looked up instead of the one in the URI; the message keeps its URI."""
    include_address_record: bool = False
    inbound_mapping: bool = False
    """*TLS verify inbound mapping*: a connection whose certificate carries a subject name belongs to this zone."""
    microsoft_service: str = MICROSOFT_SERVICE
    """Asked first for Microsoft traffic; '' switches it off."""
    fallback_transport: Transport = "TLS"
    """Used where neither NAPTR nor the URI names a transport, in a zone that allows TCP."""
    allow_loopback: bool = False
    """True: addresses of this host or link are taken from the DNS and from URIs. False keeps a stranger's DNS from
    making the edge talk to itself. A lab on loopback needs True."""
    allow_private: bool = False
    """True: addresses that the Internet does not lead to (RFC 1918 and the like) are taken, too. False keeps a
    stranger's DNS from sending the edge into the networks behind it. Ports below 1024 beside 443 are never taken."""


class AccessAction(Enum):
    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One Default Zone access rule: a pattern against the CN and SANs of a peer's certificate."""

    name: str
    priority: int
    matches: Callable[[str], bool]
    """The compiled pattern: whole name, case-insensitive; zones knows no pattern language."""
    action: AccessAction
    enabled: bool = True
    pattern_type: str = ""
    pattern: str = ""
    """As they are written, for people and for proofs; ``matches`` decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultZone(Zone):
    name: str = DEFAULT_ZONE
    from_domain: FromDomain = FromDomain.CERTIFICATE
    rate: RatePolicy = STRANGERS
    border: bool = True
    access_rules: tuple[AccessRule, ...] = ()
    """When there are any, no match is deny."""
    mutual_tls: bool = True
    """A TLS connection without a certificate is refused. TCP is let in only where ``transport`` is "TCP"."""
    allow_loopback: bool = False
    allow_private: bool = False
    """Both as in DnsZone, for requests of a dialog on their way back to a stranger."""


AnyZone = NeighborZone | TraversalServerZone | TraversalClientZone | DnsZone | DefaultZone
