"""Route information: own Route values removed (RFC 3261 16.4), the alias found (docs/dialplan.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sipedge.settings import Listener, Settings
from sipedge.sip.edits import Edits
from sipedge.sip.message import Message
from sipedge.sip.uri import DEFAULT_PORTS, Uri, UriError, parse_uri, plain_user
from sipedge.sip.values import parse_address, split_commas
from zones.addresses import host_port
from zones.names import plain_host
from zones.zone import AnyZone, TraversalServerZone

from .record_route import NO_SEAL, PREFIX, TokenKey, ZonePair, seal_of

WILDCARDS = ("0.0.0.0", "::", "")


@dataclass(frozen=True, slots=True)
class SentBy:
    """How the edge names itself on one side: sent-by of Via, host and port of Record-Route."""

    host: str
    port: int
    transport: str
    address: str = ""
    """The listener's own address, which connections to the zone come from; '' for a wildcard."""
    text: str = field(init=False)
    """``host:port``; made once, because every request writes it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", host_port(self.host, self.port))


class OwnNames:
    """All names, addresses and ports of this edge, and which of them each zone gets to see."""

    def __init__(self, settings: Settings, zones: tuple[AnyZone, ...], ports: dict[str, int]) -> None:
        """``ports``: the ports that listeners with port 0 were given, by listener name."""
        self._settings = settings
        self._listeners = [(item, ports.get(item.name, item.port)) for item in settings.listeners]
        names = {settings.system_name, *settings.names, *(listener.address for listener in settings.listeners)}
        self.hosts = frozenset(map(plain_host, names)) | frozenset(map(str.lower, names))
        """Also as they are written, because Via is: the edge looks for itself there."""
        self.ports = frozenset(port for _, port in self._listeners)
        self._sent_by = {zone.name: self._sent_by_of(zone) for zone in zones}

    def sent_by(self, zone: str) -> SentBy:
        return self._sent_by[zone]

    def is_own(self, uri: Uri) -> bool:
        """Whether a Route or Request-URI names this edge itself: host and port both."""
        if uri.host not in self.hosts:
            return False
        return uri.port in self.ports if uri.port is not None else bool(self.ports & _default_ports(uri))

    def _sent_by_of(self, zone: AnyZone) -> SentBy:
        listener, port = self._listener(zone)
        address = "" if listener is None or listener.address in WILDCARDS else listener.address
        host = self._settings.system_name if zone.record_route_hostname or not address else address
        return SentBy(host, port, zone.transport, address)

    def _listener(self, zone: AnyZone) -> tuple[Listener | None, int]:
        """The listener that a zone's peers use: a traversal server's own, else the first of the zone's transport."""
        named = [pair for pair in self._listeners if pair[0].zone == zone.name]
        if named and isinstance(zone, TraversalServerZone):
            return named[0]
        for listener, port in self._listeners:
            if not listener.zone and listener.transport == zone.transport:
                return listener, port
        return None, DEFAULT_PORTS[zone.transport.lower()]


def _default_ports(uri: Uri) -> frozenset[int]:
    transport = uri.transport
    return frozenset({DEFAULT_PORTS[transport]}) if transport in DEFAULT_PORTS else frozenset(DEFAULT_PORTS.values())


@dataclass(slots=True)
class RouteItem:
    line: int
    text: str


@dataclass(slots=True)
class RouteInformation:
    """What the route information of a request says."""

    uri: Uri
    """The Request-URI to go on with: the received one, the last Route of a strict router, or without its maddr (RFC
    3261 16.4)."""
    own: list[RouteItem] = field(default_factory=list)
    """Route values of this edge, from the top: removed from what is forwarded."""
    foreign: Uri | None = None
    """The first Route value that stays."""
    foreign_line: int = 0
    pair: ZonePair | None = None
    """Zones of a valid token: no search."""
    void: str = ""
    """Why a token of this dialog does not count, so that the request is searched; '' where there is no such token."""
    rest: tuple[str, ...] = ()
    """The URIs of all Route values that stay, where there is such a token."""
    strict_last: RouteItem | None = None
    """The Route value that became the Request-URI."""


def read_routes(message: Message, uri: Uri, edge: OwnNames, key: TokenKey) -> RouteInformation:
    """Take the edge's own values off the top of the Route header. Raises UriError for a Route that cannot be read."""
    routes = RouteInformation(uri)
    if not uri.parameters and "route" not in message.index:
        return routes
    items = [
        RouteItem(number, item)
        for number in message.index.get("route", ())
        for item in split_commas(message.value(number))
    ]
    token_uri = _token(uri, message, edge, key)
    if token_uri is not None and items:  # a strict router put our Record-Route value into the Request-URI
        routes.pair = token_uri
        routes.strict_last = items.pop()
        routes.uri = parse_uri(parse_address(routes.strict_last.text).uri)
    routes.uri = without_own_maddr(routes.uri, edge)
    for number, item in enumerate(items):
        route = parse_uri(parse_address(item.text).uri)
        pair = _token(route, message, edge, key)
        if pair is None and not edge.is_own(route):
            routes.foreign, routes.foreign_line = route, item.line
            if routes.pair is not None:
                routes.rest = tuple(parse_address(other.text).uri for other in items[number:])
            break
        routes.own.append(item)
        routes.pair = routes.pair or pair
    return routes


def without_own_maddr(uri: Uri, edge: OwnNames) -> Uri:
    """A Request-URI whose maddr led here goes on without it, its port and its transport (RFC 3261 16.4)."""
    maddr = uri.parameter("maddr")
    if not maddr or not edge.is_own(replace(uri, host=plain_host(maddr))):
        return uri
    user = "" if uri.user is None else f"{uri.user}@"
    kept = [(name, value) for name, value in uri.parameters if name not in ("maddr", "transport")]
    texts = [name if value is None else f"{name}={value}" for name, value in kept]
    return parse_uri(";".join((f"{uri.scheme}:{user}{host_port(uri.host)}", *texts)))


def _token(uri: Uri, message: Message, edge: OwnNames, key: TokenKey) -> ZonePair | None:
    """A token counts inside a dialog only: the request has a To tag (RFC 3261 12.2)."""
    if uri.user is None or not uri.user.startswith(PREFIX) or message.to_tag is None:
        return None
    return key.read(uri.user, message.call_id, (message.from_tag, message.to_tag))


def alias_of_uri(uri: Uri, keep_parameters: bool, undo_escapes: bool = True) -> str:
    """The alias: the URI without its scheme; port and parameters only with ``keep_uri_parameters``.

    It has one spelling, so that no rule is walked round by another (RFC 3261 19.1.4): the host's (zones.names) and,
    with ``undo_escapes``, the user's. What is forwarded stays as it came.
    """
    host = host_port(uri.host, uri.port if keep_parameters else None)
    if uri.user is not None:
        host = f"{plain_user(uri.user) if undo_escapes else uri.user}@{host}"
    if keep_parameters:
        parameters = (name if value is None else f"{name}={value}" for name, value in uri.parameters)
        return ";".join((host, *parameters))
    return host


def alias_of_routes(routes: RouteInformation, settings: Settings) -> str:
    if routes.foreign is not None:
        return alias_of_uri(routes.foreign, True, settings.undo_escapes)
    return alias_of_request_uri(routes, settings)


def alias_of_request_uri(routes: RouteInformation, settings: Settings) -> str:
    return alias_of_uri(routes.uri, settings.keep_uri_parameters, settings.undo_escapes)


def fits_seal(routes: RouteInformation) -> bool:
    """Whether a request goes where its token's dialog leads: to the sealed Contact by the sealed Route values."""
    return routes.pair is not None and routes.pair.seal == seal_of_routes(routes)


def seal_of_routes(routes: RouteInformation) -> bytes:
    return seal_of(alias_of_uri(routes.uri, True), routes.rest)


def seal_of_contact(message: Message, routes: Iterable[str]) -> bytes:
    """The seal for the Contact in a message; NO_SEAL where there is none that can be read."""
    try:
        uri = parse_uri(parse_address(message.first("contact") or "").uri)
    except UriError:
        return NO_SEAL
    return seal_of(alias_of_uri(uri, True), routes) if uri.is_sip else NO_SEAL


def sealed_response(response: Message, key: TokenKey, outside: frozenset[str]) -> Message:
    """A response to a dialog-forming request from outside, with the callee's Contact sealed into its token."""
    if "contact" not in response.index or "record-route" not in response.index:
        return response
    behind: list[str] = []
    for number in response.index["record-route"]:
        for item in split_commas(response.value(number)):
            text = parse_address(item).uri
            token = text.partition("@")[0].rpartition(":")[2]
            pair = key.read(token, response.call_id, (response.from_tag,))
            if pair is None:
                behind.insert(0, text)
            elif pair.here in outside and pair.there not in outside:
                sealed = replace(pair, seal=seal_of_contact(response, behind))
                minted = key.mint(sealed, response.call_id, response.from_tag or "")
                edits = Edits(response)
                edits.replace(number, response.lines[number].replace(token.encode(), minted.encode(), 1))
                return Message(edits.head(), response.body)
    return response


def source_may_speak(pair: ZonePair, source: str, outside: frozenset[str]) -> bool:
    """Whether a request that carries a token may come from ``source``.

    The side must be the one the token names: otherwise a peer could turn the token of its own dialog around and be sent
    to a zone that no rule opened for it. Peers of DNS zones and of the Default Zone are the same strangers outside:
    what was sent through a DNS zone may come back on a connection of the Default Zone.
    """
    return source == pair.here or (source in outside and pair.here in outside)
