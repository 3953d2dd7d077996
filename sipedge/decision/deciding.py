"""What the edge finds out about a request before it sends anything: the live path and the replay both ask here."""

from __future__ import annotations

from dialplan.model import Query, Target, Tier, Traffic
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_address
from sipedge.sip.uri import UriError, parse_uri
from zones.authentication import Authentication, authenticate
from zones.zone import AnyZone, AuthenticationPolicy

from .record_route import ZonePair
from .routing import OwnNames, RouteInformation, alias_of_routes

_DO_NOT_CHECK = AuthenticationPolicy.DO_NOT_CHECK


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
    """An INVITE with a foreign Route, from a zone without Preloaded SIP routes support (an Expressway's setting)."""
    return message.method == "INVITE" and routes.foreign is not None and not zone.preloaded_routes and not routes.pair


def query_of_request(
    routes: RouteInformation, source: str, traffic: Traffic, authentication: Authentication, settings: Settings
) -> Query:
    """What the search rules are asked."""
    alias = alias_of_routes(routes, settings)
    return Query(alias, source, traffic, authenticated=authentication.authenticated)


def tier_of(pair: ZonePair, routes: RouteInformation, settings: Settings) -> Tier:
    """A signed Route decides alone: one target, named by no rule."""
    return Tier(0, True, (Target("", pair.there, alias_of_routes(routes, settings)),))


def _from_host(message: Message) -> str:
    """The host of From, '' when it has none."""
    try:
        return parse_uri(parse_address(message.first("from") or "").uri).host
    except UriError:
        return ""
