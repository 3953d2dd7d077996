"""What goes on, and to where: Record-Route, aliases and rewriting, what zones ask for (RFC 3261 16.6)."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.playbook import (
    FROM_STRANGER,
    INSIDE,
    OUTSIDE,
    STRANGER,
    Captured,
    Leg,
    Play,
    arrives,
    forwards,
    responds,
    sends,
)
from support.settings import EDGE, RULES, ZONES, make_settings, rule, with_zone

from sipedge.decision.record_route import TokenKey
from zones.zone import DefaultZone, NeighborZone

WARNING = f"399 {EDGE}:5061"

# --------------------------------------------------------------------------------------------------------- Record-Route


@pytest.mark.parametrize("method", ["INVITE", "REFER"])
def test_dialogs_are_record_routed_twice(play: Play, method: str) -> None:
    """RFC 5658: the outgoing side on top, each with the zone pair as its side sees it."""
    leg = Leg()
    book = play() >> arrives(request(method), INSIDE)
    if method == "INVITE":
        book << responds(100)
    book << forwards(leg)
    out, back = leg.message.items("record-route")
    assert out == f"<sip:{leg.token(0)}@{EDGE}:5061;transport=tls;lr>"
    assert back == f"<sip:{leg.token(1)}@{EDGE}:5061;transport=tls;lr>"
    key = TokenKey(make_settings().secret, ("Inside", "Outside"))
    pairs = [key.read(leg.token(n), "call-1", ("alice-tag",)) for n in (0, 1)]
    assert [(pair.here, pair.there) for pair in pairs if pair] == [("Outside", "Inside"), ("Inside", "Outside")]


@pytest.mark.parametrize("method", ["MESSAGE", "INFO", "OPTIONS", "BYE", "UPDATE", "PRACK", "PUBLISH", "BENOTIFY"])
def test_other_requests_are_not(play: Play, method: str) -> None:
    expected = sends("Outside", record_route=None) if method == "BENOTIFY" else forwards(Leg(), record_route=None)
    play() >> arrives(request(method)) << expected


@pytest.mark.parametrize("method", ["SUBSCRIBE", "NOTIFY"])
@pytest.mark.parametrize(
    ("inside", "outside", "standard", "microsoft"),
    [
        (None, None, True, False),
        (True, None, True, True),
        (None, True, True, True),
        (False, None, False, False),
        (False, True, True, True),
    ],
)
def test_a_subscription_keeps_to_its_way(
    play: Play, method: str, inside: bool | None, outside: bool | None, standard: bool, microsoft: bool
) -> None:
    """RFC 6665 4.3: SUBSCRIBE and every NOTIFY; Microsoft's only where a zone says so."""
    zones = with_zone(ZONES, "Inside", record_route_subscribe=inside)
    settings = make_settings(zones=with_zone(zones, "Outside", record_route_subscribe=outside))
    for event, expected in (("dialog", standard), ("presence", microsoft)):
        leg = Leg()
        play(settings) >> arrives(request(method, extra=(f"Event: {event}",))) << forwards(leg)
        assert len(leg.message.items("record-route")) == (2 if expected else 0)


def test_within_one_zone_one_record_route_is_enough(play: Play) -> None:
    leg = Leg()
    play() >> arrives(invite(uri="sip:carol@inside.example")) << responds(100) << forwards(leg, "Inside")
    assert len(leg.message.items("record-route")) == 1


def test_a_caller_without_a_tag_is_not_record_routed(play: Play) -> None:
    """RFC 2543: there is nothing to bind a token to."""
    message = invite(from_="sip:alice@inside.example", via="SIP/2.0/TLS 192.0.2.10")
    play() >> arrives(message) << responds(100) << forwards(Leg(), record_route=None)


@pytest.mark.parametrize(
    "fields",
    [{"uri": "sips:bob@outside.example"}, {"routes": ("<sips:x@outside.example;lr>",)}],
)
def test_sips_stays_sips(play: Play, fields: dict[str, object]) -> None:
    """16.6 step 4."""
    leg = Leg()
    play() >> arrives(invite(**fields)) << responds(100) << forwards(leg)
    assert all(item.startswith("<sips:e-") for item in leg.message.items("record-route"))


def test_sips_does_not_leave_over_tcp(play: Play) -> None:
    """26.2.2."""
    plain = NeighborZone(name="Plain", peers=("192.0.2.50",), port=5060, transport="TCP", monitor=False)
    book = play(make_settings(rule("r", "Plain"), (*ZONES, plain)))
    book >> arrives(request(uri="sips:bob@outside.example"))
    book << responds(404, warning=f'{WARNING} "sips: asks for TLS, and there it is TCP"')


def test_the_host_name_where_a_zone_asks_for_it(play: Play) -> None:
    leg = Leg()
    settings = make_settings(zones=with_zone(ZONES, "Outside", record_route_hostname=True))
    play(settings) >> arrives(invite()) << responds(100) << forwards(leg)
    assert "@edge.inside.example:5061;" in leg.message.items("record-route")[0]
    assert leg.message.via.host == "edge.inside.example"
    assert f"@{EDGE}:5061;" in leg.message.items("record-route")[1]


# ----------------------------------------------------------------------------------------------- aliases and rewriting


def test_a_foreign_route_is_what_is_searched_for(play: Play) -> None:
    """The Request-URI stays, and the Route stays in the message."""
    leg = Leg()
    route = "<sip:sip.outside.example:5061;transport=tls;lr;ms-route-sig=AA>;tag=7C"
    settings = make_settings(rule("route", "Outside", r"sip\.outside\.example:5061;transport=tls;lr.*"))
    book = play(settings) >> arrives(request(uri="sip:x@nowhere.example", routes=(route,)))
    book << forwards(leg, "Outside", uri="sip:x@nowhere.example", route=route)
    assert book.entries[0].explanation is not None
    assert book.entries[0].explanation.alias == "sip.outside.example:5061;transport=tls;lr;ms-route-sig=AA"


def test_preloaded_routes_can_be_refused(play: Play) -> None:
    settings = make_settings(zones=with_zone(ZONES, "Inside", preloaded_routes=False))
    route = ("<sip:x@outside.example;lr>",)
    book = play(settings) >> arrives(invite(routes=route)) << responds(404, warning=f'{WARNING} "Policy Response"')
    book >> arrives(request(routes=route)) << forwards(Leg(), "Outside")
    book >> arrives(invite(routes=(f"<sip:{EDGE}:5061;lr>",))) << responds(100) << forwards(Leg(), "Outside")


def test_a_rule_rewrites_the_request_uri(play: Play) -> None:
    text = rule("r", "Outside", r"(.*)@old\.example").replace(
        "behavior leave", 'behavior replace\n    replace "\\1@outside.example"'
    )
    leg = Leg()
    (
        play(make_settings(text))
        >> arrives(request(uri="sip:bob@old.example:5061;x=1"))
        << forwards(leg, uri="sip:bob@outside.example")
    )


def test_a_transform_rewrites_it_too(play: Play) -> None:
    text = """transform "t" {
        pattern type suffix
        pattern "@old.example"
        behavior replace
        replace "@outside.example"
    }
    """
    leg = Leg()
    (
        play(make_settings(text + RULES))
        >> arrives(request(uri="sips:bob@old.example"))
        << forwards(leg, uri="sips:bob@outside.example")
    )


def test_an_alias_that_is_no_uri_is_not_found(play: Play) -> None:
    text = rule("r", "Outside", r"(.*)@old\.example").replace("behavior leave", 'behavior replace\n    replace "a b"')
    play(make_settings(text)) >> arrives(request(uri="sip:bob@old.example")) << responds(404)


def test_nobody_is_registered_here(play: Play) -> None:
    """The Local Zone may be a rule's target; there is no registrar behind it."""
    told = Captured()
    play(make_settings(rule("r", "Local Zone"))) >> arrives(request()) << responds(404, told=told)
    assert "there is no zone 'Local Zone'" in (told.message.first("warning") or "")


# ------------------------------------------------------------------------------------------------------ zones' settings


def test_the_trust_header_is_believed_from_trusted_zones_that_are_no_border(play: Play) -> None:
    name = "ms_edge_proxy_message_trust"
    message = request(uri="sip:alice@inside.example", extra=("ms-edge-proxy-message-trust: ms-source-type=x",))
    play() >> arrives(message, OUTSIDE) << forwards(Leg(), **{name: None})
    trusting = with_zone(ZONES, "Outside", authentication_trust=True)
    play(make_settings(zones=trusting)) >> arrives(message, OUTSIDE) << forwards(Leg(), **{name: "ms-source-type=x"})
    settings = make_settings(zones=with_zone(trusting, "Outside", border=True))
    play(settings) >> arrives(message, OUTSIDE) << forwards(Leg(), **{name: None})


@pytest.mark.parametrize(
    ("received", "hop_count", "sent"), [("70", 15, "15"), ("15", 15, "14"), ("1", 15, "0"), (None, 20, "20")]
)
def test_max_forwards_is_lowered_to_the_hop_count(play: Play, received: str | None, hop_count: int, sent: str) -> None:
    settings = make_settings(zones=with_zone(ZONES, "Outside", hop_count=hop_count))
    play(settings) >> arrives(request(max_forwards=received)) << forwards(Leg(), max_forwards=sent)


def test_rules_see_the_source_zone(play: Play) -> None:
    rules = rule("r", "Outside", source_zone='"Default Zone"')
    book = play(make_settings(rules))
    book >> arrives(request(from_=FROM_STRANGER), STRANGER) << forwards(Leg(), "Outside")
    book >> arrives(request(), INSIDE) << responds(404)


def test_a_zone_over_tcp_says_so_in_via_and_record_route(play: Play) -> None:
    plain = NeighborZone(name="Plain", peers=("192.0.2.50",), port=5060, transport="TCP", monitor=False)
    leg = Leg()
    book = play(make_settings(rule("r", "Plain"), (*ZONES, plain, DefaultZone())))
    book >> arrives(invite()) << responds(100) << forwards(leg, "Plain", transport="TCP", port=5060)
    assert leg.message.via.transport == "TCP"
    assert ";transport=tcp;" in leg.message.items("record-route")[0]


def test_answers_of_the_edge_carry_received_and_rport(play: Play) -> None:
    told = Captured()
    via = "SIP/2.0/TLS a.example;rport;branch=z9hG4bK1"
    play() >> arrives(request(uri="sip:x@nowhere.example", via=via), INSIDE) << responds(404, told=told)
    assert told.message.first("via") == "SIP/2.0/TLS a.example;rport=40001;branch=z9hG4bK1;received=192.0.2.10"


def test_a_rule_sees_one_spelling_and_the_next_hop_what_came(play: Play) -> None:
    """A keep-out rule in front of a catch-all is not walked round (RFC 3261 19.1.4)."""
    keep_out = rule("keep out", "Nowhere", r"boss@inside\.example", priority="1")
    settings = make_settings(keep_out + rule("all", "Inside", r".*@inside\.example", priority="2"))
    for spelling in ("boss@inside.example", "b%6Fss@inside.example", "boss@INSIDE.example.", "%62oss@inside%2Eexample"):
        play(settings) >> arrives(request(uri=f"sip:{spelling}"), OUTSIDE) << responds(404)
    uri = "sip:%61lice@Inside.example."
    play(settings) >> arrives(request(uri=uri), OUTSIDE) << forwards(Leg(), "Inside", uri=uri)
