"""What the live path and the replay ask of a request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.messages import CALLER_VIA, invite, request
from support.settings import EDGE, INSIDE, SECRET, make_settings
from support.tokens import undated

from dialplan.model import Query, Target, Tier, Traffic
from sipedge.decision.deciding import (
    VOID_BY_AGE,
    VOID_BY_VERSION,
    Cancellation,
    Decided,
    OwnOptions,
    authentication_of,
    decide,
    is_for_the_edge,
    tiers_of,
)
from sipedge.decision.installation import Installation
from sipedge.decision.record_route import HOUR, TokenKey, ZonePair
from sipedge.decision.routing import OwnNames, RouteInformation, read_routes
from sipedge.decision.validation import Refusal, loop_hash
from sipedge.settings import Settings
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
    strict, installation = replace(INSIDE, preloaded_routes=False), Installation(SETTINGS, {})
    with_route = invite(routes=(FOREIGN,))
    assert decide(with_route, strict, installation) == Refusal(404, "Policy Response")
    assert isinstance(decide(with_route, INSIDE, installation), Decided)
    assert isinstance(decide(invite(), strict, installation), Decided)
    assert isinstance(decide(request(routes=(FOREIGN,)), strict, installation), Decided)


def decided(message: Message, settings: Settings = SETTINGS) -> Decided:
    decision = decide(message, INSIDE, Installation(settings, {}))
    assert isinstance(decision, Decided), decision
    return decision


def refused(message: Message) -> Refusal:
    decision = decide(message, INSIDE, Installation(SETTINGS, {}))
    assert isinstance(decision, Refusal), decision
    return decision


def test_the_rules_are_asked_for_the_alias_of_the_foreign_route() -> None:
    query = decided(request(routes=(FOREIGN,))).query
    assert query == Query("sip.outside.example:5061;lr", "Inside", Traffic.MICROSOFT_IMP)


def test_a_signed_route_makes_one_target_without_a_search() -> None:
    token = KEY.mint(ZonePair("Inside", "Outside"), "call-1", "alice-tag")
    message = request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to="<sip:bob@outside.example>;tag=bob-tag")
    target = Target("", "Outside", "bob@outside.example")
    assert tiers_of(decided(message), SETTINGS) == ((Tier(0, True, (target,)),), None)


NOW = 1_700_000_000.0
ISSUED = int(NOW) // HOUR


def in_dialog(token: str) -> Message:
    return request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to="<sip:bob@outside.example>;tag=bob-tag")


def at(time: float | None, token: str, settings: Settings = SETTINGS) -> Decided:
    decision = decide(in_dialog(token), INSIDE, Installation(settings, {}), time=time)
    assert isinstance(decision, Decided)
    return decision


def test_a_signed_route_that_is_too_old_is_searched_and_the_reason_says_so() -> None:
    token = KEY.mint(ZonePair("Inside", "Outside", issued=ISSUED), "call-1", "alice-tag")
    day = replace(SETTINGS, route_age=86400.0)
    young, old = at(NOW + 86400, token, day), at(NOW + 90001, token, day)
    assert young.routes.pair is not None and young.reason == ""
    assert old.routes.pair is None and old.reason == VOID_BY_AGE
    assert old.query.alias == "bob@outside.example"


@pytest.mark.parametrize(
    ("time", "age"), [(None, 86400.0), (NOW + 1e9, 0.0), (NOW - 1e6, 86400.0)], ids=["not known", "no limit", "earlier"]
)
def test_an_age_that_is_no_bar(time: float | None, age: float) -> None:
    token = KEY.mint(ZonePair("Inside", "Outside", issued=ISSUED), "call-1", "alice-tag")
    assert at(time, token, replace(SETTINGS, route_age=age)).routes.pair is not None


def test_a_signed_route_of_the_version_before_counts_until_its_grace_is_over() -> None:
    token = undated(KEY, ZonePair("Inside", "Outside"), "call-1", "alice-tag")
    grace = replace(SETTINGS, route_grace=NOW)
    assert at(NOW, token, grace).routes.pair is not None
    assert at(NOW + 1, token, grace).reason == VOID_BY_VERSION
    assert at(NOW, token).reason == VOID_BY_VERSION
    assert at(None, token).routes.pair is not None


def test_a_signed_route_of_the_other_side_says_why_it_is_searched() -> None:
    token = KEY.mint(ZonePair("Outside", "Inside", issued=ISSUED), "call-1", "alice-tag")
    assert at(NOW, token).reason == "its signed Route is for the other side"


def test_a_search_gives_its_tiers_and_why() -> None:
    tiers, explanation = tiers_of(decided(request()), SETTINGS)
    assert explanation is not None and tiers == explanation.tiers
    assert [target.zone for tier in tiers for target in tier.targets] == ["Outside"]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (request("NEGOTIATE"), 405),
        (request(uri="tel:+15551234"), 416),
        (request(uri="sip:bob@outside.example?Subject=x"), 400),
        (request(max_forwards="x"), 400),
        (request(max_forwards="0"), 483),
        (request(cseq="1 INVITE"), 400),
        (request(extra=("Proxy-Require: unheard-of",)), 420),
        (request(routes=("<nonsense>",)), 400),
        (request("CANCEL", cseq="x"), 400),
        (request("CANCEL", via="nonsense"), 400),
    ],
)
def test_what_is_refused_at_once(message: Message, status: int) -> None:
    assert refused(message).status == status


def test_a_loop_is_refused() -> None:
    own = f"SIP/2.0/TLS {EDGE}:5061;branch=z9hG4bKid7.{loop_hash(request(), 'Inside', SETTINGS.secret)}"
    assert refused(request(via=(own, CALLER_VIA))).status == 482


def test_a_cancel_is_neither_validated_nor_searched() -> None:
    installation = Installation(SETTINGS, {})
    for uri, alias in (("sip:bob@outside.example", "bob@outside.example"), ("sip:a@b@c", "sip:a@b@c")):
        assert decide(request("CANCEL", uri, max_forwards="x"), INSIDE, installation) == Cancellation(alias)


def test_options_to_the_edge_are_its_own_whatever_the_hop_count() -> None:
    options = request("OPTIONS", f"sip:{EDGE}:5061", max_forwards="0")  # RFC 3261 11: traceroute
    assert decide(options, INSIDE, Installation(SETTINGS, {})) == OwnOptions(EDGE)
