"""What becomes of one request, from the request alone: the order of all checks, written once.

The running edge, replay and queries call ``decide``. The edge adds what depends on the moment: is a traversal
connection authenticated, are credentials right? The others add nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.model import Query, Target, Tier
from dialplan.search.search import Explanation
from sipedge.settings import Settings
from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address
from zones.authentication import Authentication, authenticate
from zones.zone import AnyZone, AuthenticationPolicy

from .classification import Classification, classify
from .installation import Installation
from .routing import OwnNames, RouteInformation, alias_of_routes, alias_of_uri, read_routes, source_may_speak
from .validation import Refusal, find_loop, validate

RULES = "rules"
SIGNED_ROUTE = "signed Route"
EDGE = "the edge itself"
CANCELS = "the INVITE that it cancels"
REFUSED = "refused"
"""What decided about a request, as every command says it."""

_DO_NOT_CHECK = AuthenticationPolicy.DO_NOT_CHECK


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A CANCEL goes where its INVITE went (RFC 3261 16.10): neither validated nor searched."""

    alias: str


@dataclass(frozen=True, slots=True)
class OwnOptions:
    """An OPTIONS to the edge itself, which answers it (RFC 3261 11)."""

    alias: str


@dataclass(slots=True)
class Decided:
    """A request that goes on: by a signed Route where ``routes.pair`` is set, else by the search rules."""

    message: Message
    source: AnyZone
    routes: RouteInformation
    alias: str
    """What the rules are asked: the foreign Route that is left, else the Request-URI."""
    max_forwards: int | None
    """As received; None where there was none."""
    max_breadth: int | None
    """Likewise (RFC 5393 5)."""
    authentication: Authentication
    classification: Classification

    @property
    def query(self) -> Query:
        """What the search rules are asked."""
        authenticated = self.authentication.authenticated
        return Query(self.alias, self.source.name, self.classification.traffic, authenticated=authenticated)


Decision = Refusal | Cancellation | OwnOptions | Decided


def decide(message: Message, source: AnyZone, installation: Installation) -> Decision:
    """``message``: a request; ``source``: the zone it came from. Nothing is sent, remembered or asked of the DNS."""
    if message.method == "CANCEL":
        return _cancellation(message, installation.settings)
    accepted = validate(message)
    if isinstance(accepted, Refusal):
        return accepted
    edge = installation.edge
    try:
        routes = read_routes(message, accepted.uri, edge, installation.key)
        loop = find_loop(message, edge.hosts, source.name, installation.settings.secret)
    except (UriError, MessageError) as error:
        return Refusal(400, str(error))
    if loop:
        return Refusal(482, loop)
    if not routes.uri.is_sip:  # what a strict router kept in Route
        return Refusal(416, f"the scheme {routes.uri.scheme}: is not routed here, only sip: and sips:")
    alias = alias_of_routes(routes, installation.settings)
    if is_for_the_edge(message, routes, edge):
        return OwnOptions(alias)
    if accepted.max_forwards == 0:  # RFC 3261 16.3 check 3
        return Refusal(483, "Max-Forwards has come down to 0")
    if routes.pair is not None and not source_may_speak(routes.pair, source.name, installation.outside):
        routes.pair = None
    if refuses_route(message, routes, source):
        return Refusal(404, "Policy Response")
    authentication = authentication_of(message, source, installation.domains)
    return Decided(
        message,
        source,
        routes,
        alias,
        accepted.max_forwards,
        accepted.max_breadth,
        authentication,
        classify(message),
    )


def tiers_of(decided: Decided, settings: Settings) -> tuple[tuple[Tier, ...], Explanation | None]:
    """The tiers to try: one target for a signed Route, without a search; else what the search rules say, and why."""
    pair = decided.routes.pair
    if pair is not None:
        return (Tier(0, True, (Target("", pair.there, decided.alias),)),), None
    explanation = settings.plan.search(decided.query)
    return explanation.tiers, explanation


def authentication_of(message: Message, zone: AnyZone, domains: frozenset[str]) -> Authentication:
    """``domains``: those the edge is authoritative for, lower case."""
    policy = zone.authentication_policy
    return authenticate(
        policy,
        trust=zone.authentication_trust,
        local=policy is not _DO_NOT_CHECK and _from_host(message) in domains,
        asserted="p-asserted-identity" in message.index,
    )


def is_for_the_edge(message: Message, routes: RouteInformation, edge: OwnNames) -> bool:
    """An OPTIONS whose Request-URI names this edge and no user, and that no Route leads on (RFC 3261 11)."""
    if message.method != "OPTIONS" or routes.uri.user is not None or routes.foreign is not None:
        return False
    return edge.is_own(routes.uri)


def refuses_route(message: Message, routes: RouteInformation, zone: AnyZone) -> bool:
    """An INVITE with a foreign Route from a zone whose *Preloaded SIP routes support* is Off (Expressway)."""
    return message.method == "INVITE" and routes.foreign is not None and not zone.preloaded_routes and not routes.pair


def _cancellation(message: Message, settings: Settings) -> Cancellation | Refusal:
    try:
        message.check_transaction()
    except MessageError as error:
        return Refusal(400, error.reason)
    try:
        return Cancellation(alias_of_uri(parse_uri(message.uri), settings.keep_uri_parameters))
    except UriError:  # nobody searches for it
        return Cancellation(message.uri)


def _from_host(message: Message) -> str:
    """The host of From, '' when it has none."""
    try:
        return parse_uri(parse_address(message.first("from") or "").uri).host
    except UriError:
        return ""
