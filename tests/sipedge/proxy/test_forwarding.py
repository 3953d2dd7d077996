"""The edits of RFC 3261 16.6, one at a time; that nothing else changes is test_forwarded_bytes.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.messages import CALLER_VIA, answer_to, request, with_lines
from support.settings import INSIDE, SECRET, make_settings

from sipedge.decision.record_route import TokenKey, ZonePair
from sipedge.decision.routing import OwnNames, read_routes
from sipedge.proxy.forwarding import Changes, believed, forwarded_head, unbelieved
from sipedge.sip.message import Message
from sipedge.sip.uri import parse_uri
from zones.authentication import Identity
from zones.zone import NeighborZone

SETTINGS = make_settings()
ME = OwnNames(SETTINGS, SETTINGS.zones, {})
KEY = TokenKey(SECRET, ("Inside", "Outside"))
VIA = b"Via: SIP/2.0/TLS 203.0.113.1:5061;branch=z9hG4bKedge"
OWN = "<sip:203.0.113.1:5061;lr>"
SOURCE = ("192.0.2.10", 40001)


def forwarded(message: Message, max_forwards: int | None = 70, **changes: Any) -> list[str]:
    routes = read_routes(message, parse_uri(message.uri), ME, KEY)
    head = forwarded_head(message, routes, Changes(via=VIA, **changes), SOURCE, max_forwards)
    return Message(head).head.decode("utf-8", "surrogateescape").split("\r\n")[:-2]


def lines(message: Message) -> list[str]:
    return message.head.decode().split("\r\n")[:-2]


def test_via_on_top_and_max_forwards_lowered() -> None:
    expected = lines(request())
    expected[1:3] = [VIA.decode(), f"Via: {CALLER_VIA}", "Max-Forwards: 15"]
    assert forwarded(request()) == expected


@pytest.mark.parametrize(("received", "hop_count", "sent"), [(70, 15, 15), (15, 15, 14), (1, 15, 0), (70, 255, 69)])
def test_the_lower_of_max_forwards_and_hop_count(received: int, hop_count: int, sent: int) -> None:
    message = request(max_forwards=str(received))
    assert f"Max-Forwards: {sent}" in forwarded(message, received, hop_count=hop_count)


def test_max_forwards_is_added_where_there_was_none_and_keeps_its_name() -> None:
    assert forwarded(request(max_forwards=None), None)[1:3] == ["Max-Forwards: 15", VIA.decode()]
    odd = with_lines(request(), (b"Max-Forwards: 70", b"MAX-forwards :\t070"))
    assert "MAX-forwards : 15" in forwarded(odd)


def test_received_and_rport() -> None:
    sent = forwarded(request(via="SIP/2.0/TLS a.example;rport;branch=z9hG4bK1"))
    assert sent[2] == "Via: SIP/2.0/TLS a.example;rport=40001;branch=z9hG4bK1;received=192.0.2.10"


def test_a_new_request_uri() -> None:
    assert forwarded(request(), request_uri=b"sip:new@x.example")[0] == "MESSAGE sip:new@x.example SIP/2.0"


def test_own_routes_go_and_foreign_ones_stay_as_they_are() -> None:
    sent = forwarded(request(routes=(f"{OWN} , <sip:far.example;LR;x>;y=1,<sip:more.example;lr>",)))
    assert [line for line in sent if line.startswith("Route")] == [
        "Route: <sip:far.example;LR;x>;y=1,<sip:more.example;lr>"
    ]
    assert not [line for line in forwarded(request(routes=(OWN, OWN))) if line.startswith("Route")]


def test_a_strict_router_in_front() -> None:
    token = KEY.mint(ZonePair("Inside", "Outside"), "call-1", "alice-tag")
    message = request(
        uri=f"sip:{token}@203.0.113.1:5061;lr",
        routes=("<sip:far.example;lr>,<sip:bob@192.0.2.77>",),
        to="<sip:b@x>;tag=bob-tag",
    )
    routes = read_routes(message, parse_uri(message.uri), ME, KEY)
    changes = Changes(via=VIA, request_uri=routes.uri.text.encode())
    sent = forwarded_head(message, routes, changes, SOURCE, 70).decode()
    assert sent.startswith("MESSAGE sip:bob@192.0.2.77 SIP/2.0\r\n")
    assert "\r\nRoute: <sip:far.example;lr>\r\n" in sent


def test_a_strict_router_behind() -> None:
    """16.6 step 6: it is the new Request-URI, and the Request-URI goes to the end of Route."""
    sent = forwarded(request(routes=(f"{OWN},<sip:strict.example?x=y>", "<sip:last.example;lr>")))
    assert sent[0] == "MESSAGE sip:strict.example SIP/2.0"
    assert [line for line in sent if line.startswith("Route")] == [
        "Route: <sip:last.example;lr>",
        "Route: <sip:bob@outside.example>",
    ]
    alone = forwarded(request(routes=("<sip:strict.example>",)), request_uri=b"sip:new@x.example")
    assert alone[0] == "MESSAGE sip:strict.example SIP/2.0"
    assert [line for line in alone if line.startswith("Route")] == ["Route: <sip:new@x.example>"]


def test_record_route_on_top_of_those_that_are_there() -> None:
    own = (b"Record-Route: <sip:out;lr>", b"Record-Route: <sip:in;lr>")
    with_others = forwarded(request(extra=("Record-Route: <sip:a;lr>",)), record_routes=own)
    assert [line for line in with_others if "Record" in line] == [
        "Record-Route: <sip:out;lr>",
        "Record-Route: <sip:in;lr>",
        "Record-Route: <sip:a;lr>",
    ]
    alone = forwarded(request(), record_routes=own)
    assert alone[3:5] == ["Record-Route: <sip:out;lr>", "Record-Route: <sip:in;lr>"]


@pytest.mark.parametrize(
    ("identity", "after"),
    [
        (Identity.KEEP, ["P-Asserted-Identity: <sip:boss@x.example>", "p-asserted-identity: <tel:+1>"]),
        (Identity.REMOVE, []),
        (Identity.INSERT, ["P-Asserted-Identity: <sip:alice@inside.example>"]),
    ],
)
def test_asserted_identity(identity: Identity, after: list[str]) -> None:
    message = request(extra=("P-Asserted-Identity: <sip:boss@x.example>", "p-asserted-identity: <tel:+1>"))
    sent = forwarded(message, asserted_identity=identity, own_identity=b"<sip:alice@inside.example>")
    assert [line for line in sent if line.lower().startswith("p-asserted")] == after


IDENTITIES = (
    "P-Preferred-Identity: <sip:boss@x.example>",
    "Remote-Party-ID: <sip:boss@x.example>;party=calling",
    "Diversion: <sip:boss@x.example>",
    "ms-asserted-verification-level: verified",
    "Ms-Edge-Proxy-Message-Trust: ms-source-type=x;ms-ep-fqdn=y",
)


@pytest.mark.parametrize(
    ("zone", "kept"),
    [
        (replace(INSIDE, authentication_trust=False), 0),
        (replace(INSIDE, authentication_trust=True), 5),
        (replace(INSIDE, authentication_trust=True, border=True), 3),
    ],
)
def test_identities_are_believed_from_trusted_zones_only(zone: NeighborZone, kept: int) -> None:
    message = request(extra=IDENTITIES)
    sent = forwarded(message, removed=unbelieved(message, zone))
    assert [line for line in sent if line in IDENTITIES] == [*IDENTITIES[:kept]]
    response = answer_to(message, 200, extra=(*IDENTITIES, "P-Asserted-Identity: <sip:boss@x.example>"))
    passed = believed(response, zone)
    assert [line.decode() for line in passed.lines if line.decode() in IDENTITIES] == [*IDENTITIES[:kept]]
    assert ("p-asserted-identity" in passed.index) is (kept > 0)


def test_option_tags_are_taken_out_of_proxy_require() -> None:
    message = request(
        extra=("Proxy-Require: ms-benotify", "Proxy-Require: MS-benotify, foo , bar", "Proxy-Require: baz")
    )
    sent = [line for line in forwarded(message, proxy_require_strip=("ms-benotify",)) if line.startswith("Proxy")]
    assert sent == ["Proxy-Require: foo , bar", "Proxy-Require: baz"]


def test_bytes_that_are_no_utf8_survive_in_all_edited_lines() -> None:
    message = with_lines(
        request(routes=(f"{OWN}, <sip:far.example;x=X;lr>",), extra=("Proxy-Require: a,X",)),
        (b"x=X", b"x=\xff"),
        (b"a,X", b"a,\xfe"),
    )
    sent = "\r\n".join(forwarded(message, proxy_require_strip=("a",))).encode("utf-8", "surrogateescape")
    assert b"x=\xff" in sent and b"Proxy-Require: \xfe" in sent
