"""The world around the core, a connection, and one request on its way, as the core sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dialplan.search.search import Explanation
from sipedge.decision.classification import classify
from sipedge.decision.deciding import Decided
from sipedge.decision.installation import Installation
from sipedge.decision.routing import RouteInformation
from sipedge.dialogs.arrivals import routes_of
from sipedge.dialogs.crossing import Passage
from sipedge.dialogs.dialog import Leg, Way
from sipedge.dialogs.orders import Order
from sipedge.dialogs.requests import own_request
from sipedge.dialogs.sessions import REFRESHES
from sipedge.dialogs.table import NOBODY, Others
from sipedge.rates.arrivals import Subscribed
from sipedge.rates.shelf import Shelf
from sipedge.sip.message import Message
from sipedge.sip.uri import UriError
from sipedge.topology.border import Crossing
from sipedge.topology.handles import Board
from zones.addresses import source_of
from zones.authentication import Authentication, Identity
from zones.names import PeerNames, peer_names
from zones.table import Egress, Ingress
from zones.zone import Hop

from .events import ConnectionOpened
from .history import Entry, kept_lines

NOT_LET_IN = "this peer is answered, but its own requests are not let in: no access rule allows its certificate"


@dataclass(frozen=True, slots=True)
class Environment:
    """What a pure core cannot make itself."""

    ids: Callable[[], str]
    """A new unique token of letters and digits, for branches, tags and Call-IDs."""
    random: Callable[[], float]
    """0.0 <= x < 1.0."""
    random_bytes: Callable[[int], bytes]
    """That many unguessable bytes."""
    ports: dict[str, int]
    """Ports that listeners with port 0 were given, by listener name."""
    revocation: Callable[[int, str], Egress] = lambda connection, zone: Egress()
    """What a zone makes of the revocation lists about the peer of an open connection."""
    offence: Callable[[str, str], bool] = lambda address, reason: False
    """Count an offence of an address; whether it is banned now."""
    rezoned: Callable[[int], None] = lambda connection: None
    """Take note that a connection belongs to another zone now, or that its peer is judged otherwise."""
    follows: bool = False
    """Whether another worker looks after neighbours and traversal zones."""
    judged: Callable[[Hop, str], None] = lambda hop, why: None
    """Tell that worker of a hop: why it did not take a request, '' where it answered one."""
    shelf: Shelf | None = None
    """Of the rates of several workers."""
    subscribed: Subscribed = lambda zone, source, number: None
    """Tell the others of a subscription that one of them may count."""
    digest_key: bytes = b""
    """What signs nonces of all of them; b"": 32 random bytes do."""
    name: str = ""
    """What tags of one of several workers begin with."""
    others: Others = NOBODY
    """What they have to know of its calls."""
    board: Board | None = None
    """Where they have the handles of hidden zones."""


@dataclass(slots=True, eq=False)
class Peer:
    """Who is at the other end of a connection. It may be closed by now: way_back.py."""

    connection: int
    zone: str
    address: str
    port: int
    opened: ConnectionOpened
    """What is known of it: a change of configuration or DNS has its zone decided again."""
    speaks_in: str = ""
    """The zone that its requests come from; '' as ``zone``. Behind a DNS zone it is a stranger's: that the edge
    connected does not admit anybody."""
    barred: str = ""
    """'' or why none of its requests is taken."""
    since: float = 0.0
    """When it was admitted, by the core's clock."""
    elsewhere: bool = False
    """Another worker has the connection."""
    names: PeerNames = field(init=False)
    share: str = field(init=False)
    """The source that its requests count for."""

    def __post_init__(self) -> None:
        self.names = peer_names(self.opened.names)
        self.share = source_of(self.address)
        self.speaks_in = self.speaks_in or self.zone

    @property
    def accepted(self) -> bool:
        """The peer opened it."""
        return self.opened.zone is None

    @property
    def who(self) -> tuple[str, ...]:
        """Equal for two connections of one peer: an address may be shared by several."""
        return self.zone, self.address, *self.opened.names

    @property
    def source(self) -> tuple[str, int]:
        """Address and port, for ``received`` and ``rport`` (RFC 3261 18.2.1)."""
        return self.address, self.port


@dataclass(frozen=True, slots=True)
class Door:
    """Where a connection belongs: its zone, and the zone that its requests come from."""

    installation: Installation
    environment: Environment
    listener_zone: Callable[[str | None], str]
    """The traversal server zone whose port a listener is; ''."""

    def zone_of(self, event: ConnectionOpened) -> tuple[str, str, str]:
        """The zone of a connection, why it is refused, and a remark for the log; '' where there is none."""
        if event.zone is not None:
            return event.zone, self.environment.revocation(event.connection, event.zone).refused, ""
        ingress = self._ingress(event)
        minimum = self.installation.zone(ingress.zone).tls.minimum_version
        if not ingress.refused and event.transport == "TLS" and event.tls_version < minimum:
            return ingress.zone, f'zone "{ingress.zone}": TLS {event.tls_version} is below the minimum {minimum}', ""
        if ingress.refused:
            return ingress.zone, ingress.refused, ingress.warning
        revocation = self.environment.revocation(event.connection, ingress.zone)
        return ingress.zone, revocation.refused, "; ".join(filter(None, (ingress.warning, revocation.warning)))

    def requests_of(self, event: ConnectionOpened) -> tuple[str, str]:
        """The zone that requests on a connection come from, and why none is taken; '' where nothing is special.

        That the edge connected to a stranger lets nobody in: behind a DNS zone the Default Zone's access rules hold.
        """
        if event.zone is None or event.zone not in self.installation.outside:
            return "", ""
        ingress = self._ingress(event)
        return ingress.zone, NOT_LET_IN if ingress.refused else ""

    def _ingress(self, event: ConnectionOpened) -> Ingress:
        return self.installation.zones.ingress(
            listener_zone=self.listener_zone(event.listener),
            transport=event.transport,
            peer_address=event.peer_address,
            names=event.names,
            has_certificate=event.has_certificate,
            usages=event.key_usages if event.zone is None else None,  # the usage of a server was checked by egress
        )


@dataclass(slots=True)
class Incoming:
    """One request that goes on."""

    decided: Decided
    transaction: int
    """0 for an ACK or BENOTIFY, which have none."""
    peer: Peer
    loop: str
    """Its hash, for the branches it is forwarded with (validation.loop_hash)."""
    entry: Entry
    """Its line in the history, which hops and the final status are written to."""
    explanation: Explanation | None = None
    """The search; None when a signed Route decided."""
    crossings: dict[str, Crossing | Passage] = field(default_factory=dict)
    """By branch: what responses need that come out of a hidden zone, or go into one."""
    way: Way | None = None
    """Where it goes in a call that the edge keeps."""
    tries: int = 0
    """How often the edge has sent it again because of what it was answered."""
    concluded: Callable[[int], None] | None = None
    """Told the status of the final response."""

    def goes_again(self, way: Way, leg: Leg) -> None:
        """What is sent again is another request: its CSeq number is the next one."""
        self.tries += 1
        if way.number:
            self.way = replace(way, number=leg.own_number(way.source))
        else:
            leg.shift += 1

    def sent_alone(self, branch: str) -> bool:
        """Whether the request of a branch was sent with no other Via than the edge's own."""
        crossing = self.crossings.get(branch)
        return crossing is not None and bool(crossing.vias)


_ITSELF = ConnectionOpened(-1, "TLS", "127.0.0.1", 0, "127.0.0.1", 0)
"""Where requests of the edge's own come from."""


def own_incoming(installation: Installation, way: Way, order: Order, transaction: int, branch: str) -> Incoming | str:
    """A request of the edge's own, in the name of the party that it does not go to: nobody else's decision is asked.

    Or why that one cannot be reached. ``branch``: of the Via that the party would have written, without its cookie.
    """
    source, target, zones = order.source, order.target, installation.zones
    if zones.get(source.zone) is None or (target.zone and zones.get(target.zone) is None):
        return "a zone of its call is gone"
    lines = (f"Via: SIP/2.0/TLS {installation.agent(source.zone)};branch=z9hG4bK{branch}", *order.headers)
    if order.method in REFRESHES:
        lines = (*lines, f"Contact: <{source.target}>")
    message = own_request(way.dialog, source, target, order.method, way.number, lines, order.body)
    try:
        routes = routes_of(message, source, target)
    except UriError as error:
        return str(error)
    incoming = _incoming(installation, message, source.zone, routes, transaction)
    incoming.way = way
    return incoming


def _incoming(
    installation: Installation, message: Message, zone: str, routes: RouteInformation, transaction: int
) -> Incoming:
    decided = Decided(
        message,
        installation.source(zone),
        routes,
        "",
        None,
        None,
        Authentication(True, Identity.KEEP),
        classify(message),
    )
    peer = Peer(_ITSELF.connection, zone, _ITSELF.peer_address, _ITSELF.peer_port, _ITSELF)
    entry = Entry(
        0.0,
        _ITSELF,
        zone,
        installation.settings.revision,
        message.method,
        message.uri,
        message.call_id,
        kept_lines(message),
        decided.classification,
        route=routes.pair.there if routes.pair is not None else "",
    )
    return Incoming(decided, transaction, peer, "0" * 12, entry)
