"""What becomes of one request, from the request alone: the order of all checks, written once.

The running edge, replay and queries call ``decide``. The edge adds what depends on the moment: is a traversal
connection authenticated, are credentials right? The others add nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dialplan.model import Query, Target, Tier
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.settings import Settings
from sipedge.sip.message import Message
from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import MessageError
from sipedge.topology.contacts import Opened, is_sealed
from zones.authentication import Authentication, authenticate
from zones.names import PeerNames
from zones.zone import AnyZone, AuthenticationPolicy

from .classification import Classification, classify
from .installation import Installation
from .record_route import ZonePair
from .routing import (
    OwnNames,
    RouteInformation,
    alias_of_request_uri,
    alias_of_routes,
    alias_of_uri,
    fits_seal,
    read_routes,
    source_may_speak,
)
from .speaking import Known, host_of, judge, nothing_known
from .validation import Accepted, Refusal, find_loop, validate

RULES = "rules"
SIGNED_ROUTE = "signed Route"
EDGE = "the edge itself"
CANCELS = "the INVITE that it cancels"
REFUSED = "refused"
"""What decided about a request, as every command says it."""

VOID_BY_AGE = "its signed Route is too old (route_age)"
VOID_BY_VERSION = "its signed Route is of an earlier version (route_grace)"

_DO_NOT_CHECK = AuthenticationPolicy.DO_NOT_CHECK


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A CANCEL goes where its INVITE went (RFC 3261 16.10): neither validated nor searched."""

    alias: str


@dataclass(frozen=True, slots=True)
class OwnOptions:
    """An OPTIONS to the edge itself, which answers it (RFC 3261 11)."""

    alias: str


Found = tuple[tuple[Tier, ...], Explanation | None]
"""The tiers to try, and what the rules said; None where a signed Route decided."""


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
    time: float | None = None
    """When it came, in seconds since 1970: tokens that it carries on are signed then. None: not known."""
    asks: tuple[str, ...] = ()
    """Domains whose federation SRV records have to be known before it may go on: for them From speaks."""
    also: str = ""
    """A second alias that a rule must lead to the same zone: the Request-URI behind a foreign Route from outside, which
    would otherwise have the next hop relay anything."""
    found: Found | None = None
    """What ``tiers_of`` gives, where it is known already."""
    recalled: bool = False
    """It was decided about a request before that said the same."""

    @property
    def reason(self) -> str:
        """Why the rules are asked although a signed Route of its dialog is there; '' for all others."""
        return self.routes.void

    @property
    def query(self) -> Query:
        """What the search rules are asked."""
        authenticated = self.authentication.authenticated
        return Query(self.alias, self.source.name, self.classification.traffic, authenticated=authenticated)


Decision = Refusal | Cancellation | OwnOptions | Decided


def decide(
    message: Message,
    source: AnyZone,
    installation: Installation,
    names: PeerNames | None = None,
    known: Known = nothing_known,
    time: float | None = None,
    kept: RouteInformation | None = None,
) -> Decision:
    """``message``: a request; ``source``: the zone it came from. Nothing is sent, remembered or asked of the DNS.

    ``names``: of the peer's certificate; None: not known. ``known``: what the DNS has said so far. ``time``: when the
    request came, in seconds since 1970; None: not known, and the age of a signed Route is not judged. ``kept``: where
    it goes in a call that the edge keeps; its Request-URI and Route are that leg's already.
    """
    if message.method == "CANCEL":
        return _cancellation(message, installation.settings)
    accepted = validate(message)
    if isinstance(accepted, Refusal):
        return accepted
    edge = installation.edge
    try:
        loop = find_loop(message, edge.hosts, source.name, installation.settings.secret)
        opened = _opened(message, source.name, installation)
        if opened is None and message.to_tag and _is_lost_contact(accepted.uri, installation):
            return Refusal(481, "the Contact in the Request-URI was not made by this edge for this side")
        message = _revealed(message, opened, installation)
        uri = accepted.uri if opened is None else parse_uri(opened.text)
        routes = kept or read_routes(message, uri, edge, installation.key)
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
    if routes.pair is not None and kept is None:
        routes.void = _void(routes, routes.pair, source.name, installation, time)
        routes.pair = None if routes.void else routes.pair
    if opened is not None and routes.pair is None and routes.foreign is None:
        routes.pair = ZonePair(source.name, opened.zone)
    refusal = _refused_route(message, routes, source, installation)
    if refusal is not None:
        return refusal
    decided = _decided(message, source, routes, alias, accepted, installation, time)
    return _spoken(decided, installation, names, known)


def _opened(message: Message, source: str, installation: Installation) -> Opened | None:
    """The sealed Contact in the Request-URI, if a rule connects its zone with where the request comes from."""
    if installation.border is None:
        return None
    opened = installation.border.opened(message.uri, installation.seat(source).side)
    if opened is None or not installation.connects(ZonePair(source, opened.zone)):
        return None
    return opened


def _revealed(message: Message, opened: Opened | None, installation: Installation) -> Message:
    """The request as a hidden zone is to get it: what was sealed into Request-URI and Route is opened."""
    if installation.border is None:
        return message

    def is_ours(token: str) -> bool:
        """A Record-Route token counts in its own dialog only."""
        tags = (message.from_tag, message.to_tag)
        return message.to_tag is not None and installation.key.read(token, message.call_id, tags) is not None

    return installation.border.revealed(message, opened, is_ours)


def _is_lost_contact(uri: Uri, installation: Installation) -> bool:
    """Whether a Request-URI looks like a sealed Contact of this edge, although it opens nothing."""
    return installation.border is not None and is_sealed(uri) and installation.edge.is_own(uri)


def _decided(
    message: Message,
    source: AnyZone,
    routes: RouteInformation,
    alias: str,
    accepted: Accepted,
    installation: Installation,
    time: float | None,
) -> Decided:
    decided = Decided(
        message,
        source,
        routes,
        alias,
        accepted.max_forwards,
        accepted.max_breadth,
        authentication_of(message, source, installation.domains),
        classify(message),
        time,
    )
    if routes.foreign is not None and routes.pair is None and source.name in installation.outside:
        decided.also = alias_of_request_uri(routes, installation.settings)
    return decided


def _spoken(decided: Decided, installation: Installation, names: PeerNames | None, known: Known) -> Decided | Refusal:
    """The request, if its sender may speak for the domain in From, or as soon as ``asks`` is known."""
    policy = installation.from_policies.get(decided.source.name)
    if policy is None:
        return decided
    verdict = judge(policy, decided.message, names, decided.authentication.challenge, known)
    if isinstance(verdict, Refusal):
        return verdict
    decided.asks = verdict
    return decided


def tiers_of(decided: Decided, settings: Settings) -> Found:
    """The tiers to try: one target for a signed Route, without a search; else what the search rules say, and why."""
    if decided.found is not None:
        return decided.found
    pair = decided.routes.pair
    if pair is not None:
        return (Tier(0, True, (Target("", pair.there, decided.alias),)),), None
    explanation = explained(decided.query, decided.also, settings.plan)
    return explanation.tiers, explanation


def explained(query: Query, also: str, plan: CompiledPlan) -> Explanation:
    """What the search rules say, and why. ``also``: see ``Decided.also``."""
    explanation = plan.search(query)
    return _narrowed(explanation, plan.search(replace(query, alias=also))) if also else explanation


def _narrowed(explanation: Explanation, other: Explanation) -> Explanation:
    """Only the targets in zones that the other search leads to as well."""
    zones = {target.zone for tier in other.tiers for target in tier.targets}
    kept = (tuple(target for target in tier.targets if target.zone in zones) for tier in explanation.tiers)
    pairs = zip(explanation.tiers, kept, strict=True)
    return replace(explanation, tiers=tuple(replace(tier, targets=targets) for tier, targets in pairs if targets))


def authentication_of(message: Message, zone: AnyZone, domains: frozenset[str]) -> Authentication:
    """``domains``: those the edge is authoritative for, lower case."""
    policy = zone.authentication_policy
    return authenticate(
        policy,
        trust=zone.authentication_trust,
        local=policy is not _DO_NOT_CHECK and host_of(message.first("from") or "") in domains,
        asserted="p-asserted-identity" in message.index,
    )


def _void(routes: RouteInformation, pair: ZonePair, source: str, installation: Installation, time: float | None) -> str:
    """Why a token of this dialog does not open the way; '' where it does: while it is young enough, from the side it
    names, and from outside only to the party that the dialog is with, while a rule connects the two zones."""
    if not source_may_speak(pair, source, installation.outside):
        return "its signed Route is for the other side"
    if time is not None and not installation.is_young(pair, time):
        return VOID_BY_AGE if pair.issued else VOID_BY_VERSION
    if source not in installation.outside:
        return ""
    if not installation.connects(pair):
        return "no rule connects the zones of its signed Route any more"
    return "" if fits_seal(routes) else "its signed Route leads to another party"


def is_for_the_edge(message: Message, routes: RouteInformation, edge: OwnNames) -> bool:
    """An OPTIONS whose Request-URI names this edge and no user, and that no Route leads on (RFC 3261 11)."""
    if message.method != "OPTIONS" or routes.uri.user is not None or routes.foreign is not None:
        return False
    return edge.is_own(routes.uri)


def _refused_route(
    message: Message, routes: RouteInformation, zone: AnyZone, installation: Installation
) -> Refusal | None:
    """Why a foreign Route outside any dialog of this edge is not followed.

    An INVITE from a zone whose *Preloaded SIP routes support* is Off (Expressway). From outside also a strict router's:
    RFC 3261 16.6 step 6 would put the Request-URI into a Route that the next hop obeys.
    """
    if routes.foreign is None or routes.pair is not None:
        return None
    if message.method == "INVITE" and not zone.preloaded_routes:
        return Refusal(404, "Policy Response")
    if zone.name in installation.outside and not routes.foreign.is_loose:
        return Refusal(403, "a Route without ;lr is followed inside a dialog of this edge only")
    return None


def _cancellation(message: Message, settings: Settings) -> Cancellation | Refusal:
    try:
        message.check_transaction()
    except MessageError as error:
        return Refusal(400, error.reason)
    try:
        return Cancellation(alias_of_uri(parse_uri(message.uri), settings.keep_uri_parameters, settings.undo_escapes))
    except UriError:  # nobody searches for it
        return Cancellation(message.uri)
