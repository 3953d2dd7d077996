"""What the live path and the replay ask of a request."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.settings import EDGE, INSIDE, SECRET, make_settings

from dialplan.model import Query, Target, Tier, Traffic
from sipedge.decision.deciding import authentication_of, is_for_the_edge, query_of_request, refuses_route, tier_of
from sipedge.decision.record_route import TokenKey, ZonePair
from sipedge.decision.routing import OwnNames, RouteInformation, read_routes
from sipedge.sip.message import Message
from sipedge.sip.uri import parse_uri
from zones.authentication import Authentication, Identity
from zones.zone import AuthenticationPolicy, NeighborZone

SETTINGS = make_settings()
ME = OwnNames(SETTINGS, SETTINGS.zones, {})
KEY = TokenKey(SECRET, ("Inside", "Outside"))
DOMAINS = frozenset({"inside.example"})
FOREIGN = "<sip:sip.outside.example:5061;lr>"


def routed(message: Message) -> RouteInformation:
    return read_routes(message, parse_uri(message.uri), ME, KEY)


def test_the_domain_in_from_decides_who_is_authenticated() -> None:
    zone = NeighborZone(name="Z", authentication_policy=AuthenticationPolicy.TREAT_AS_AUTHENTICATED)
    assert authentication_of(request(), zone, DOMAINS) == Authentication(True, Identity.INSERT)
    assert not authentication_of(request(from_="<sip:a@else.example>;tag=1"), zone, DOMAINS).authenticated
    assert not authentication_of(request(from_="nonsense"), zone, DOMAINS).authenticated


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (request("OPTIONS", f"sip:{EDGE}:5061"), True),
        (request("OPTIONS", "sip:bob@edge.inside.example"), False),
        (request("OPTIONS", "sip:outside.example"), False),
        (request("OPTIONS", f"sip:{EDGE}:5061", routes=(FOREIGN,)), False),
        (request("MESSAGE", f"sip:{EDGE}:5061"), False),
    ],
)
def test_options_without_a_user_may_be_for_the_edge(message: Message, expected: bool) -> None:
    assert is_for_the_edge(message, routed(message), ME) is expected


def test_preloaded_routes_of_an_invite_are_refused_where_the_zone_says_so() -> None:
    strict = NeighborZone(name="Z", preloaded_routes=False)
    with_route, without = invite(routes=(FOREIGN,)), invite()
    assert refuses_route(with_route, routed(with_route), strict)
    assert not refuses_route(with_route, routed(with_route), INSIDE)
    assert not refuses_route(without, routed(without), strict)
    message = request(routes=(FOREIGN,))
    assert not refuses_route(message, routed(message), strict)


def test_a_query_has_the_alias_of_the_foreign_route() -> None:
    authentication = Authentication(True, Identity.KEEP)
    query = query_of_request(
        routed(request(routes=(FOREIGN,))), "Inside", Traffic.MICROSOFT_IMP, authentication, SETTINGS
    )
    assert query == Query("sip.outside.example:5061;lr", "Inside", Traffic.MICROSOFT_IMP, authenticated=True)


def test_a_signed_route_makes_one_target_without_a_rule() -> None:
    tier = tier_of(ZonePair("Inside", "Outside"), routed(request()), SETTINGS)
    assert tier == Tier(0, True, (Target("", "Outside", "bob@outside.example"),))
