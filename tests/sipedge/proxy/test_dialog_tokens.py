"""What a stranger's signed Route opens: the party that its dialog is with, and nothing else."""

from __future__ import annotations

import pytest
from support.messages import answer_to, invite, request
from support.playbook import (
    FROM_STRANGER,
    INSIDE,
    STRANGER,
    Captured,
    FakeResolver,
    Leg,
    Play,
    Playbook,
    answers_with,
    arrives,
    federation,
    forwards,
    responds,
    sends,
)
from support.settings import ZONES, make_settings, rule

from sipedge.proxy.events import ConfigChanged
from zones.zone import DefaultZone, DnsZone, FromDomain

PLAN = rule("strangers", "Inside", r".*@inside\.example", source_zone='"Default Zone"') + rule(
    "out", "Internet", r".*@partner\.example", source_zone='"Inside"'
)
LAX = (*ZONES, DnsZone(name="Internet"), DefaultZone(from_domain=FromDomain.ANY))
SETTINGS = make_settings(PLAN, LAX)
BOB = "sip:bob@10.1.2.3:5062;transport=tls"
NODE = "<sip:node.inside.example;lr>"
TO = "<sip:bob@inside.example>;tag=bob-tag"


def called(play: Play) -> tuple[Playbook, tuple[str, ...]]:
    """A stranger calls Bob, behind a node that record-routes; with the stranger's route set."""
    leg, told = Leg(), Captured()
    book = play(SETTINGS)
    call = invite(uri="sip:bob@inside.example", from_=FROM_STRANGER, to="<sip:bob@inside.example>")
    book >> arrives(call, STRANGER) << responds(100) << forwards(leg, "Inside")
    answer = answer_to(leg.message, 200, contact=f"<{BOB}>")
    head = answer.head.replace(b"\r\nRecord-Route: ", f"\r\nRecord-Route: {NODE}, ".encode(), 1)
    book >> answers_with(leg, type(answer)(head), connection=INSIDE) << responds(200, told=told)
    return book, tuple(reversed(told.message.items("record-route")))


def within(routes: tuple[str, ...], method: str = "BYE", uri: str = BOB, **fields: object) -> object:
    return request(method, uri, from_=FROM_STRANGER, to=TO, routes=routes, **fields)  # type: ignore[arg-type]


def test_it_leads_to_the_contact_of_the_dialog(play: Play) -> None:
    book, routes = called(play)
    assert len(routes) == 3
    book >> arrives(within(routes, "ACK"), STRANGER) << sends("Inside", uri=BOB, route=NODE)
    book >> arrives(within(routes), STRANGER) << forwards(Leg(), "Inside", uri=BOB, route=NODE)
    assert [entry.route for entry in book.entries[1:]] == ["Inside", "Inside"]


@pytest.mark.parametrize(
    "uri",
    ["sip:secret@internal.third.example", "sip:+900@pstn.third.example", "sip:x@10.0.0.5:9999", f"{BOB};maddr=x.y"],
)
@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "SUBSCRIBE"])
def test_it_leads_nowhere_else(play: Play, method: str, uri: str) -> None:
    book, routes = called(play)
    book >> arrives(within(routes, method, uri), STRANGER)
    assert "Forward" not in [type(command).__name__ for command in book.drain()]


@pytest.mark.parametrize("routes", [("<sip:x@third.example;lr>",), (NODE, "<sip:third.example;lr>"), ()])
def test_nor_by_another_route_behind_it(play: Play, routes: tuple[str, ...]) -> None:
    book, own = called(play)
    book >> arrives(within((*own[:2], *routes)), STRANGER) << responds(404)


def test_a_request_that_a_rule_lets_in_needs_no_token(play: Play) -> None:
    book, routes = called(play)
    book >> arrives(within(routes[:2], uri="sip:bob@inside.example"), STRANGER) << forwards(Leg(), "Inside")
    assert book.entries[-1].explanation is not None


def test_it_is_void_once_no_rule_connects_the_zones(play: Play) -> None:
    book, routes = called(play)
    book >> ConfigChanged(make_settings("", LAX)) >> arrives(within(routes), STRANGER) << responds(404)


def test_it_does_not_outlive_the_right_to_speak(play: Play) -> None:
    book, routes = called(play)
    strict = make_settings(PLAN, (*ZONES, DnsZone(name="Internet")))
    stranger = request("BYE", BOB, from_="<sip:boss@inside.example>;tag=alice-tag", to=TO, routes=routes)
    book >> ConfigChanged(strict) >> arrives(stranger, STRANGER) << responds(403)
    book >> arrives(within(routes), STRANGER) << forwards(Leg(), "Inside")


def test_a_caller_inside_is_sealed_in_at_once(play: Play) -> None:
    leg = Leg()
    book = play(SETTINGS, FakeResolver(federation("partner.example", "198.51.100.60")))
    book >> arrives(invite(uri="sip:carol@partner.example", to="<sip:carol@partner.example>"), INSIDE)
    book << responds(100) << forwards(leg, "Internet")
    routes = tuple(leg.message.items("record-route"))
    fields = {"from_": "<sip:carol@partner.example>;tag=c", "to": "<sip:alice@inside.example>;tag=alice-tag"}
    alice = "sip:alice@192.0.2.10:5061;transport=tls"
    book >> arrives(request("BYE", alice, routes=routes, **fields), STRANGER) << forwards(Leg(), "Inside")
    book >> arrives(request("BYE", "sip:x@192.0.2.10", routes=routes, **fields), STRANGER) << responds(404)
