"""Everything the edge is told, as one frozen record: sipedge/config builds it from files, nobody changes it.

A reload builds another one and swaps it between two events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dialplan.search.search import CompiledPlan
from zones.zone import AnyZone, Credential, TlsVersion, Transport

from .web_settings import Turn, Web


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate with its private key, as PEM files. Read anew on every reload."""

    certificate: str
    """File with the leaf and the chain after it."""
    key: str


@dataclass(frozen=True, slots=True)
class Tls:
    """What this edge presents and whom it trusts."""

    server: tuple[Certificate, ...] = ()
    """Presented by listeners; the one whose SAN matches the SNI is chosen, the first one otherwise."""
    client: Certificate | None = None
    """Presented on connections that the edge opens; the first server certificate when None."""
    trusted: str = ""
    """PEM file of trusted CAs."""
    minimum_version: TlsVersion = "1.2"
    crl_interval: float = 300.0
    """Seconds between two readings of the zones' revocation lists."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A local address that accepts connections."""

    name: str
    address: str
    port: int
    transport: Transport = "TLS"
    zone: str = ""
    """The traversal server zone whose port this is; '' for all others."""
    client_certificate: bool = True
    """Require a client certificate (TLS listeners)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a peer can make the edge hold or wait for. Seconds and bytes."""

    message: int = 65536
    """Largest whole message; a longer one gets 513 and the connection is closed."""
    header_section: int = 65536
    header_line: int = 16384
    headers: int = 256
    handshake: float = 10.0
    first_byte: float = 30.0
    """From handshake to the first byte."""
    message_time: float = 30.0
    """From the first byte of a message to its last (a peer that trickles)."""
    idle: float = 3600.0
    connect: float = 10.0
    connections: int = 2000
    connections_per_source: int = 64
    transactions_per_connection: int = 2000
    transactions: int = 20000
    send_queue: int = 4 * 1024 * 1024
    """Bytes waiting for one slow peer; beyond it the connection is closed."""
    malformed_in_a_row: int = 10
    """A connection that sends more malformed messages than this in a row is closed (Expressway does the same)."""
    ban_after: int = 10
    """Offences of one source within a minute that get it banned: handshakes that fail, connections that no zone takes,
    connections full of malformed messages, requests for strangers, wrong passwords. 0: nobody is banned."""
    ban_time: float = 60.0
    """The first ban of a source; each further one is twice as long."""
    ban_longest: float = 3600.0
    """The longest ban, and how long a source has to be quiet after one until the next is the first again."""
    waiting_per_hop: int = 1000
    """Requests held while a connection comes up."""
    own_connection_after: int = 100
    """Of several workers: so many messages within a second go to a peer over a connection of another worker, until one
    opens its own. 0: one connection serves all."""
    remembered: int = 4096
    """Verdicts kept for requests that say the same again; 0: each is decided about anew."""
    dialogs: int = 10000
    """Calls of b2bua zones that are open at one time; a further INVITE gets 503."""
    busy_poll: float = 0.0002
    """After a message the loop looks for the next one this long before it sleeps: waking up costs more than that. At
    rest it takes no processor time; 0 switches it off."""
    drain: float = 10.0
    """How long SIGTERM and a reload wait for open transactions. After SIGTERM also Retry-After of new requests."""
    heartbeat: float = 10.0
    """A worker whose event loop gives no sign of life this long is restarted; callers give up after 32 (64*T1)."""


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds. RFC 3261 16.6 step 11, 17; RFC 6026."""

    c: float = 181.0
    """Timer C must be larger than three minutes."""
    accepted: float = 32.0
    """How long a 2xx to INVITE is still relayed after its transaction ended (64*T1, RFC 6026 timer L/M)."""


@dataclass(frozen=True, slots=True)
class DnsSettings:
    servers: tuple[str, ...] = ()
    """``address`` or ``address:port`` (``[v6]:port``); empty: what the system uses."""
    timeout: float = 5.0
    attempts: int = 2
    cache: int = 4096
    """Answers kept at most."""


@dataclass(frozen=True, slots=True)
class Hep:
    """A collector (HOMER) that gets a copy of every message and decision as HEP version 3."""

    address: str
    """IP address or host name; over TLS its certificate must name it."""
    port: int = 9060
    transport: Literal["UDP", "TCP", "TLS"] = "UDP"
    capture_id: int = 1
    """Tells the collector which edge this is."""
    password: str = field(default="", repr=False)
    trusted: str = ""
    """PEM file of the CAs that its certificate must lead to; '' those of the system."""


@dataclass(frozen=True, slots=True)
class Log:
    """Files and a collector that get what the edge saw and decided; '' and None: none."""

    decisions: str = ""
    """JSON lines: one for each decision."""
    messages: str = ""
    """JSON lines: one for each message and for each decision."""
    expressway: str = ""
    """Messages and search rules as in the diagnostic log of a Cisco Expressway."""
    rotate_size: int = 100 * 1024 * 1024
    """Bytes after which a file is put aside."""
    rotate_count: int = 10
    """Files put aside that are kept."""
    mask_credentials: bool = True
    """Take the proofs of passwords out of Authorization headers."""
    hep: Hep | None = None


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    listen: str = ""
    """``address:port`` (``[v6]:port``) where Prometheus may ask over HTTP; '': nowhere."""


@dataclass(frozen=True, slots=True)
class DoctorSettings:
    """The federation doctor at work beside the edge."""

    interval: float = 0.0
    """Seconds between two examinations; 0: none."""
    partners: tuple[str, ...] = ()
    """SIP domains of partners, examined beside the edge's own."""
    federation_routing: tuple[str, ...] = ()
    """Federation Routing FQDNs, beside those of neighbour zones (the outside edge has none of its own)."""
    inside_dns: tuple[str, ...] = ()
    """DNS servers of the inside view, as in DnsSettings; empty: there is one view only."""


def where(places: Mapping[str, str], what: str) -> str:
    """`` (edge.toml:16)``, to be put behind a name; '' where no file has it."""
    return f" ({places[what]})" if what in places else ""


SecurityMode = Literal["tls required", "tls optional", "no tls"]
PrivacyMode = Literal["off", "allow list", "deny list"]
XmppRole = Literal["both", "outside", "inside"]
BY_HAND = "by hand"
"""As ``restart_time``: changes that need a restart wait for ``sipedge restart``."""


@dataclass(frozen=True, slots=True)
class XmppRoute:
    """A static route; several for one domain are equal, and the DNS is not asked."""

    domain: str
    """A federated domain or chat node alias."""
    address: str
    """IP address or FQDN of one of its XMPP servers."""
    port: int = 5269


@dataclass(frozen=True, slots=True)
class Xmpp:
    """XMPP federation through two Prosody processes of the edge: towards partners, and towards the servers behind.

    Names and defaults are those of Expressway's settings for XMPP federation, where it has them.
    """

    domains: tuple[str, ...]
    """Our XMPP domains that are federated."""
    address: str = ""
    """Where partners connect to; '' where the role is inside."""
    inside_address: str = ""
    """Where the servers behind connect to; '' where the role is outside."""
    chat_node_aliases: tuple[str, ...] = ()
    role: XmppRole = "both"
    """This edge runs both processes, or one and another edge the other one."""
    port: int = 5269
    """Of both listeners."""
    servers: tuple[str, ...] = ()
    """The servers behind, IP addresses or FQDNs, all equal; empty: the SRV records of our domains are asked for."""
    security_mode: SecurityMode = "tls required"
    inside_security_mode: SecurityMode = "tls optional"
    """Towards the servers behind. An edge cannot show them a certificate that names the partner."""
    require_client_certificates: bool = True
    """The chain of a partner's certificate must lead to a trusted CA. Its names are looked at in any case."""
    crl: str = ""
    """PEM file of revocation lists for partners' certificates; '': none."""
    dialback_secret_file: str = ""
    """Shared by all edges of a cluster; '': a secret is made at each start of the edge."""
    use_static_routes: bool = False
    routes: tuple[XmppRoute, ...] = ()
    privacy_mode: PrivacyMode = "allow list"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    idle: float = 600.0
    """Seconds after which a stream that carries nothing is closed."""
    link_address: str = "127.0.0.1"
    """Loopback address of what the two processes say to each other and to the edge."""
    link_port: int = 5347
    """The link; the two ports after it answer the edge's questions."""
    peer_address: str = ""
    """Role outside: where the inside edge connects to. Role inside: the same address, of the outside edge."""
    peer_port: int = 7400
    peer_subject_name: str = ""
    """DNS name that the other edge's certificate must have."""
    link_secret_file: str = ""
    """Shared by the two edges of a pair: with it the inside edge proves who it is, beside its certificate."""
    folder: str = ""
    """Where the generated configuration is, for the edge and the engine only."""
    restart_time: str = ""
    """``HH:MM`` in UTC at which changes that need a restart take effect, or BY_HAND; '': at once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The pure core's whole knowledge of the installation, plus what the I/O half needs to open it."""

    system_name: str
    """The edge's host name: Warning, realm, host name in Record-Route where a zone asks for it."""
    domains: tuple[str, ...]
    """SIP domains this edge is authoritative for."""
    zones: tuple[AnyZone, ...]
    plan: CompiledPlan
    listeners: tuple[Listener, ...] = ()
    tls: Tls = field(default_factory=Tls)
    limits: Limits = field(default_factory=Limits)
    timers: Timers = field(default_factory=Timers)
    dns: DnsSettings = field(default_factory=DnsSettings)
    secret: bytes = field(default=b"", repr=False)
    """Key of the Record-Route tokens (HMAC-SHA-256); the same on all peers of a cluster."""
    secret_made_up: bool = False
    """No file has it: it was made for whoever asks, and no token that the edge made holds under it."""
    former_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """What was sealed with these is still opened (hidden zones)."""
    names: tuple[str, ...] = ()
    """Further host names under which peers put this edge into Route headers (``sip.example.com``)."""
    credentials: tuple[Credential, ...] = ()
    """The local database: whom a zone with *check credentials* lets in."""
    keep_uri_parameters: bool = False
    """True: port and parameters of a Request-URI stay in its alias (those of a Route always do)."""
    undo_escapes: bool = True
    """True: escapes that mean nothing are undone in aliases (RFC 3261 19.1.4): %61lice is alice."""
    log: Log = field(default_factory=Log)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    doctor: DoctorSettings = field(default_factory=DoctorSettings)
    workers: int = 1
    """Processes that serve; a load cannot change it."""
    history: int = 255
    """Decisions kept in memory, of each worker."""
    control: str = ""
    """Path of the Unix socket on which the edge can be asked; '': none."""
    revision: str = ""
    """SHA-256, in hexadecimal, of the texts that it was read from (config/reading/files.py)."""
    journal: str = ""
    """File in which calls of b2bua zones survive a restart; '': none."""
    route_age: float = 30 * 86400.0
    """Seconds that a Record-Route token counts for after it was signed, and an hour at most; 0: for ever."""
    route_grace: float = 0.0
    """Until when tokens of version 1 count, which do not say when they were signed; since 1970-01-01, UTC."""
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """``listener NAME``, ``log.messages``, ``metrics.listen`` and their like -> where they are written: "edge.toml:16".

    For errors that show only when something is opened.
    """
    xmpp: Xmpp | None = None
    """None: no XMPP federation, and no engine is started or needed."""
    web: Web | None = None
    """None: nothing is published, and no engine is started or needed."""
    turn: Turn | None = None
    """None: no TURN, and no engine is started or needed."""
