"""Route information (RFC 3261 16.4) and the alias that search rules see (docs/dialplan.md)."""

from __future__ import annotations

import pytest
from support.messages import request
from support.settings import EDGE, SECRET, make_settings

from sipedge.decision.record_route import TokenKey, ZonePair
from sipedge.decision.routing import (
    OwnNames,
    RouteInformation,
    alias_of_routes,
    alias_of_uri,
    read_routes,
    source_may_speak,
    without_own_maddr,
)
from sipedge.settings import Listener
from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from zones.zone import DnsZone, NeighborZone, TraversalServerZone

SETTINGS = make_settings(names=("sip.inside.example",))
ME = OwnNames(SETTINGS, SETTINGS.zones, {})
KEY = TokenKey(SECRET, ("Inside", "Outside"))
IN_DIALOG = "<sip:bob@outside.example>;tag=bob-tag"
HERE = f"<sip:{KEY.mint(ZonePair('Inside', 'Outside'), 'call-1', 'alice-tag')}@{EDGE}:5061;transport=tls;lr>"
THERE = f"<sip:{KEY.mint(ZonePair('Outside', 'Inside'), 'call-1', 'alice-tag')}@{EDGE}:5061;transport=tls;lr>"
FOREIGN = "<sip:sip.outside.example:5061;transport=tls;opaque=state:T:F:Ci.R2c;lr;ms-route-sig=AA>;tag=7C1D"


def read(message: Message) -> RouteInformation:
    return read_routes(message, parse_uri(message.uri), ME, KEY)


def test_without_routes_the_request_uri_decides() -> None:
    routes = read(request())
    assert (routes.uri.host, routes.own, routes.foreign, routes.pair) == ("outside.example", [], None, None)


def test_own_routes_come_off_and_the_first_token_decides() -> None:
    routes = read(request(routes=(f"{HERE}, {THERE}", FOREIGN), to=IN_DIALOG))
    assert [item.text for item in routes.own] == [HERE, THERE]
    assert routes.pair == ZonePair("Inside", "Outside")
    assert routes.foreign is not None and routes.foreign.host == "sip.outside.example"


@pytest.mark.parametrize("host", [f"{EDGE}:5061", "edge.inside.example:5061", "SIP.inside.example", EDGE])
def test_a_route_that_names_the_edge_is_its_own_without_a_token(host: str) -> None:
    routes = read(request(routes=(f"<sip:{host};lr>",)))
    assert len(routes.own) == 1 and routes.pair is None and routes.foreign is None


@pytest.mark.parametrize("host", [f"{EDGE}:5060", "outside.example", "sip.inside.example:7001"])
def test_other_routes_are_foreign(host: str) -> None:
    assert read(request(routes=(f"<sip:{host};lr>",))).foreign is not None


def test_what_lies_behind_a_foreign_route_is_not_looked_at() -> None:
    routes = read(request(routes=(FOREIGN, HERE), to=IN_DIALOG))
    assert (routes.own, routes.pair) == ([], None)


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "<sip:bob@outside.example>"},  # not in a dialog
        {"call_id": "call-2"},
        {"from_": "<sip:mallory@x.example>;tag=mallory"},
    ],
)
def test_a_token_of_another_dialog_opens_nothing(fields: dict[str, str]) -> None:
    routes = read(request(**{"routes": (HERE,), "to": IN_DIALOG, **fields}))  # type: ignore[arg-type]
    assert routes.pair is None


def test_a_token_works_on_any_host_name_of_the_edge_and_any_port() -> None:
    """The peer may know the edge by a name that only it uses: the signature counts."""
    route = HERE.replace(f"{EDGE}:5061", "nat.example:25061")
    assert read(request(routes=(route,), to=IN_DIALOG)).pair == ZonePair("Inside", "Outside")


def test_a_strict_router_in_front() -> None:
    """It put our Record-Route into the Request-URI and the real one at the end of Route."""
    token = HERE.strip("<>")
    message = request(uri=token, routes=(FOREIGN, "<sip:bob@192.0.2.77>"), to=IN_DIALOG)
    routes = read(message)
    assert routes.pair == ZonePair("Inside", "Outside")
    assert routes.uri.text == "sip:bob@192.0.2.77"
    assert routes.strict_last is not None and routes.strict_last.text == "<sip:bob@192.0.2.77>"
    assert routes.foreign is not None and routes.foreign.host == "sip.outside.example"


def test_our_token_in_the_request_uri_without_a_route_is_only_an_alias() -> None:
    assert read(request(uri=HERE.strip("<>"), to=IN_DIALOG)).pair is None


@pytest.mark.parametrize(
    ("given", "after"),
    [
        (
            f"sip:bob@outside.example;maddr={EDGE};x=1",
            f"sip:bob@outside.example;maddr={EDGE};x=1".replace(f";maddr={EDGE}", ""),
        ),
        (f"sip:bob@outside.example:5061;transport=tls;maddr={EDGE};lr", "sip:bob@outside.example;lr"),
        (f"sip:bob@outside.example:5099;maddr={EDGE}", None),
        ("sip:bob@outside.example;maddr=192.0.2.1", None),
        ("sip:bob@outside.example", None),
    ],
)
def test_an_maddr_that_led_here_is_stripped(given: str, after: str | None) -> None:
    assert without_own_maddr(parse_uri(given), ME).text == (after or given)


def test_a_route_that_cannot_be_read() -> None:
    with pytest.raises(UriError):
        read(request(routes=("<sip:>",)))


@pytest.mark.parametrize(
    ("uri", "keep", "alias"),
    [
        ("sip:Alice@Example.COM:5061;transport=tls", False, "Alice@example.com"),
        ("sip:Alice@Example.COM:5061;transport=tls", True, "Alice@example.com:5061;transport=tls"),
        ("sip:example.com", False, "example.com"),
        ("sips:a@[2001:DB8::1]:5061", False, "a@[2001:db8::1]"),
        ("sip:a@b;lr?x=y", True, "a@b;lr"),
        ("sip:%61l%69ce@ex%61mple.com.", False, "alice@example.com"),
        ("sip:%61l%69ce@EXAMPLE.com.:5061", True, "alice@example.com:5061"),
        ("sip:a%40b%2fc%2F@example.com", False, "a%40b%2Fc%2F@example.com"),
        ("sip:%zz%@example.com", False, "%zz%@example.com"),
        ("sip:a;b?c@example.com", True, "a;b?c@example.com"),
        ("sip:a@[0:0:0:0:0:ffff:c000:201]", False, "a@192.0.2.1"),
        ("sip:a@[2001:DB8:0::1]:5062", True, "a@[2001:db8::1]:5062"),
    ],
)
def test_aliases_of_uris(uri: str, keep: bool, alias: str) -> None:
    assert alias_of_uri(parse_uri(uri), keep) == alias


def test_the_alias_of_a_foreign_route_keeps_port_and_parameters() -> None:
    message = request(routes=(FOREIGN,))
    alias = "sip.outside.example:5061;transport=tls;opaque=state:T:F:Ci.R2c;lr;ms-route-sig=AA"
    assert alias_of_routes(read(message), SETTINGS) == alias
    assert alias_of_routes(read(request(uri="sip:bob@outside.example:5061")), SETTINGS) == "bob@outside.example"
    keeping = make_settings(keep_uri_parameters=True)
    assert alias_of_routes(read(request(uri="sip:bob@outside.example:5061")), keeping) == "bob@outside.example:5061"


def test_who_may_use_a_token() -> None:
    outside = frozenset({"DNS", "Default Zone"})
    assert source_may_speak(ZonePair("Inside", "DNS"), "Inside", outside)
    assert not source_may_speak(ZonePair("Inside", "DNS"), "Default Zone", outside)
    assert not source_may_speak(ZonePair("Inside", "DNS"), "Other", outside)
    assert source_may_speak(ZonePair("DNS", "Inside"), "Default Zone", outside)
    assert not source_may_speak(ZonePair("DNS", "Inside"), "Inside", outside)


def test_places_by_zone() -> None:
    zones = (
        NeighborZone(name="Plain"),
        NeighborZone(name="Named", record_route_hostname=True),
        NeighborZone(name="TCP", transport="TCP"),
        TraversalServerZone(name="Traversal", port=7001),
        DnsZone(name="DNS"),
    )
    listeners = (
        Listener("traversal", EDGE, 0, zone="Traversal"),
        Listener("tls", EDGE, 5061),
        Listener("tcp", "::", 5060, "TCP"),
    )
    edge = OwnNames(make_settings(zones=zones, rules="", listeners=listeners), zones, {"traversal": 7001})
    texts = {zone.name: edge.sent_by(zone.name).text for zone in zones}
    assert texts == {
        "Plain": f"{EDGE}:5061",
        "Named": "edge.inside.example:5061",
        "TCP": "edge.inside.example:5060",
        "Traversal": f"{EDGE}:7001",
        "DNS": f"{EDGE}:5061",
    }
    assert edge.is_own(parse_uri(f"sip:{EDGE}:7001"))


def test_ipv6_places_have_brackets() -> None:
    zones = (NeighborZone(name="N"),)
    settings = make_settings(zones=zones, rules="", listeners=(Listener("tls", "2001:db8::1", 5061),))
    assert OwnNames(settings, zones, {}).sent_by("N").text == "[2001:db8::1]:5061"


def test_escapes_stay_in_the_alias_where_the_setting_says_so() -> None:
    message = request(uri="sip:%61lice@inside.example")
    assert alias_of_routes(read(message), SETTINGS) == "alice@inside.example"
    assert alias_of_routes(read(message), make_settings(undo_escapes=False)) == "%61lice@inside.example"
