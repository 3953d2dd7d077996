"""What can happen to the proxy core. Each class is one sentence; the I/O half makes them, proxy.py takes them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from sipedge.dialogs.dialog import Dialog
from sipedge.remembered.record import Record
from sipedge.settings import Settings
from sipedge.sip.message import Message
from zones.dns import DnsError, DnsRecord
from zones.zone import Hop, Transport

from .looked_after.seen import UpkeepSeen


@dataclass(slots=True)
class RequestReceived:
    """A request that is no retransmission arrived and, unless it is an ACK or BENOTIFY, opened a server transaction."""

    transaction: int
    """Number of the server transaction; 0 for ACK and BENOTIFY, which have none."""
    connection: int
    message: Message
    time: float
    """When it came, in seconds since 1970."""


@dataclass(slots=True)
class Adopted:
    """A request that went on without the core needs it now: as if the core had sent it on."""

    request: RequestReceived
    branch: str
    head: bytes
    """The header section as it was sent."""
    begun: float
    """When it came, by the core's clock."""
    record: Record
    """Gets its entry of the history."""


@dataclass(slots=True)
class ResponseReceived:
    """A response arrived, for a live client transaction or (``stray``) for none that pjsip still knows."""

    branch: str
    connection: int
    message: Message
    stray: bool = False


@dataclass(slots=True)
class MalformedReceived:
    """pjsip could not read a header that routing needs."""

    connection: int
    message: Message
    header: str
    line: int
    column: int


@dataclass(slots=True)
class UnreadableReceived:
    """Bytes that are no SIP message came, but where they end is known."""

    connection: int
    head: bytes
    """The header section as it came."""
    status: int
    """What a request gets: 400, 505, 513."""
    reason: str


@dataclass(slots=True)
class ForwardFailed:
    """A client transaction ended without a final response (RFC 3261 16.9): 408 timed out, 503 no transport."""

    branch: str
    status: int
    reason: str
    unsent: bool = False
    """The connection was lost before anything of the request can have arrived."""
    retry_after: float = 0.0
    """When not 0: it was never sent, because too many wait for their turn; seconds until there may be room."""


@dataclass(slots=True)
class HopLost:
    """The connection that a request went out on is gone; its answer may come on another one (RFC 3261 18.1.1)."""

    branch: str


@dataclass(slots=True)
class Undelivered:
    """A message outside client transactions could not be written, because its connection is gone.

    A response finds another way (RFC 3261 18.2.2), an ACK, BENOTIFY or CANCEL another connection to its hop.
    """

    connection: int
    data: bytes


@dataclass(slots=True)
class ConnectionOpened:
    """A connection is ready: TCP connected, TLS handshake done, certificate chain verified."""

    connection: int
    transport: Transport
    peer_address: str
    peer_port: int
    local_address: str
    local_port: int
    listener: str | None = None
    """Name of the listener that accepted it, None for a connection that the edge opened."""
    zone: str | None = None
    """The zone it was opened for, None for an accepted one."""
    names: tuple[str, ...] = ()
    """Names in the peer's certificate that count: SANs, else the CN (RFC 6125); empty without a certificate."""
    has_certificate: bool = False
    key_usages: frozenset[str] | None = None
    """OIDs of the certificate's extended key usage, None when it has no such extension (zones.key_usage)."""
    tls_version: str = ""
    """"1.2" or "1.3"; '' without TLS. A zone may ask for more than the listener did."""
    hop: Hop | None = None
    """The hop it was opened for, None for an accepted one."""


@dataclass(slots=True)
class ConnectionFailed:
    """A connection that Connect asked for did not come about."""

    zone: str
    address: str
    port: int
    reason: str
    hop: Hop | None = None


@dataclass(slots=True)
class ConnectionClosed:
    connection: int
    reason: str = ""


@dataclass(slots=True)
class ConnectionForgotten:
    """The last transaction of a connection that is closed has ended."""

    connection: int


@dataclass(slots=True)
class Resolved:
    """The answer to a Resolve command; ``records`` as zones.dns wants them, in the order the resolver gives."""

    query: int
    records: tuple[DnsRecord, ...] = ()
    error: DnsError = ""
    ttl: float = 0.0


@dataclass(slots=True)
class RevocationChanged:
    """Revocation lists were read anew: an open connection may be with a peer whose certificate is revoked by now."""


@dataclass(slots=True)
class ConfigChanged:
    """Another configuration holds from now on."""

    settings: Settings = field(repr=False)


@dataclass(slots=True)
class ProbeAsked:
    """A person wants to know what the peers of a zone say to an OPTIONS; for each one a Probed with this number."""

    zone: str
    number: int


@dataclass(slots=True)
class PeerElsewhere:
    """Another worker has a connection, which this one may use; or it has another zone now."""

    opened: ConnectionOpened
    zone: str
    speaks_in: str
    barred: str
    since: float


@dataclass(slots=True)
class HopJudged:
    """A worker that follows has learned how a peer is."""

    hop: Hop
    why: str
    """It did not take a request; '' where it answered one."""


@dataclass(slots=True)
class TargetSeen:
    """A peer of another worker subscribes to somebody for the first time in its hour (``subscribe_targets``)."""

    zone: str
    source: Hashable
    number: int
    """Hash of the address, the same in all workers."""


@dataclass(slots=True)
class Recalled:
    """What the journal kept, at the start of an edge: key -> data."""

    kept: Mapping[str, bytes] = field(repr=False)


@dataclass(slots=True)
class CallWanted:
    """Another worker needs the call that one of the edge's tags is of."""

    tag: str
    asker: int
    """Its number."""


@dataclass(slots=True)
class CallMoved:
    """Another worker was asked for the call with this tag."""

    tag: str
    dialog: Dialog | None = field(repr=False)
    """None: it has none, or one that is busy."""


@dataclass(slots=True)
class Ending:
    """The edge was asked to end: what is open goes on, nothing new begins."""


@dataclass(slots=True)
class DrainEnded:
    """The time is over in which what is open could come to its end by itself."""


Event = (
    RequestReceived
    | Adopted
    | ResponseReceived
    | MalformedReceived
    | UnreadableReceived
    | ForwardFailed
    | HopLost
    | Undelivered
    | ConnectionOpened
    | ConnectionFailed
    | ConnectionClosed
    | ConnectionForgotten
    | Resolved
    | RevocationChanged
    | ConfigChanged
    | ProbeAsked
    | PeerElsewhere
    | CallWanted
    | CallMoved
    | HopJudged
    | UpkeepSeen
    | TargetSeen
    | Recalled
    | Ending
    | DrainEnded
)
