from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import answer_to, invite, request
from support.settings import EDGE, INSIDE_PEER, RULES, SECRET, ZONES, make_settings, rule, with_zone
from support.traces import STRANGER, record

from dialplan.model import Target, Tier, Traffic
from sipedge.decision.deciding import CANCELS, SIGNED_ROUTE, VOID_BY_AGE
from sipedge.decision.deciding import EDGE as THE_EDGE
from sipedge.decision.deciding import RULES as BY_RULES
from sipedge.decision.record_route import HOUR, TokenKey, ZonePair
from sipedge.replay.decider import Decider
from sipedge.replay.verdict import AGE_NOT_JUDGED, NOT_JUDGED, STALE_ROUTE, VOID_ROUTE, Verdict
from sipedge.sip.message import Message
from sipedge.traces.records.record import Direction, Endpoint, Skipped
from zones.zone import LOCAL_ZONE, AuthenticationPolicy

SETTINGS = make_settings()
DECIDER = Decider(SETTINGS)
KEY = TokenKey(SECRET, ("Inside", "Outside"))
SEPARATORS = [b"@", b":", b"<", b'"', b";", b",", b"[", b"]", b"\r\n", b"sip:", b" "]
IN_DIALOG = "<sip:bob@outside.example>;tag=bob-tag"


def decide(message: object, decider: Decider = DECIDER, **fields: object) -> Verdict:
    found = decider.decide(3, record(message, **fields))  # type: ignore[arg-type]
    assert isinstance(found, Verdict)
    return found


def test_a_verdict_says_who_what_and_where() -> None:
    verdict = decide(request())
    assert (verdict.index, verdict.source, verdict.destination) == (3, f"{INSIDE_PEER}:40000", f"{EDGE}:5060")
    assert (verdict.method, verdict.cseq, verdict.call_id) == ("MESSAGE", "1 MESSAGE", "call-1")
    assert (verdict.zone, verdict.traffic, verdict.in_dialog) == ("Inside", Traffic.MICROSOFT_IMP, False)
    target = Target("to outside", "Outside", "bob@outside.example")
    assert verdict.decision.tiers == (Tier(100, True, (target,)),)
    assert verdict.decision.decided_by == BY_RULES


def test_decisions_are_those_of_the_search() -> None:
    verdict = decide(request(uri="sip:nobody@else.example"))
    assert verdict.decision.tiers == () and verdict.decision.searched == "nobody@else.example"


def test_responses_have_no_decision_and_broken_requests_a_reason() -> None:
    assert DECIDER.decide(1, record(answer_to(request(), 200))) is None
    broken = DECIDER.decide(1, record(b"MESSAGE sip:a@b SIP/2.0\r\nnonsense\r\n\r\n", position=99))
    assert isinstance(broken, Skipped) and broken.position == 99 and "colon" in broken.reason
    assert DECIDER.decide(1, record(b"SIP/2.0 nonsense")) is None


def test_a_request_uri_that_cannot_be_read_is_refused_as_on_the_edge() -> None:
    verdict = decide(request(uri="sip:a@b@c"))
    assert verdict.decision.tiers == () and verdict.decision.refused.startswith("400")


def test_a_route_is_searched_instead_of_the_request_uri() -> None:
    verdict = decide(request(routes=("<sip:sip.outside.example:5061;lr>",), to=IN_DIALOG))
    assert verdict.in_dialog and verdict.decision.searched == "sip.outside.example:5061;lr"
    assert verdict.decision.decided_by == BY_RULES


def signed(issued: int, uri: str = "sip:bob@outside.example") -> Message:
    """``issued``: in hours after the first."""
    token = KEY.mint(ZonePair("Inside", "Outside", issued=issued + 1), "call-1", "alice-tag")
    return request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to=IN_DIALOG, uri=uri)


@pytest.mark.parametrize(
    ("time", "decided_by"),
    [
        (HOUR, SIGNED_ROUTE),
        (HOUR + 31 * 86400, VOID_ROUTE.format(VOID_BY_AGE)),
        (None, AGE_NOT_JUDGED),
        (0, AGE_NOT_JUDGED),
    ],
    ids=["young", "too old", "no time", "a log without dates"],
)
def test_the_age_of_a_token_is_judged_by_the_time_of_the_record(time: float | None, decided_by: str) -> None:
    assert decide(signed(0), time=time).decision.decided_by == decided_by


def test_without_a_limit_no_age_is_judged() -> None:
    verdict = decide(signed(0), Decider(replace(SETTINGS, route_age=0.0)), time=None)
    assert verdict.decision.decided_by == SIGNED_ROUTE


def test_a_valid_token_decides_without_rules() -> None:
    verdict = decide(signed(0, uri="sip:x@else.example"), time=HOUR)
    assert verdict.decision.decided_by == SIGNED_ROUTE
    assert verdict.decision.tiers == (Tier(0, True, (Target("", "Outside", "x@else.example"),)),)


@pytest.mark.parametrize(
    "token",
    [
        TokenKey(b"another secret of sixteen", ("Inside", "Outside")).mint(
            ZonePair("Inside", "Outside"), "call-1", "alice-tag"
        ),
        "proxy-call-id=6b2a018a-2da5-4013-a7e5-4e1455feadf7",
    ],
)
def test_a_token_that_does_not_hold_is_said(token: str) -> None:
    verdict = decide(request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to=IN_DIALOG))
    assert verdict.decision.decided_by == VOID_ROUTE.format(STALE_ROUTE)
    assert verdict.decision.tiers[0].targets[0].zone == "Outside"


def test_without_a_secret_a_route_of_the_edge_is_not_judged() -> None:
    settings = replace(SETTINGS, secret_made_up=True)
    message = request(
        routes=(f"<sip:{KEY.mint(ZonePair('Inside', 'Outside'), 'c', 't')}@{EDGE}:5061;lr>",), to=IN_DIALOG
    )
    verdict = Decider(settings).verdict(1, record(message), message)
    assert (verdict.decision.decided_by, verdict.decision.tiers) == (NOT_JUDGED, ())
    assert Decider(settings).verdict(1, record(), request()).decision.decided_by == BY_RULES


def test_options_for_the_edge_are_not_searched() -> None:
    verdict = decide(request("OPTIONS", f"sip:{EDGE}:5061"))
    assert verdict.decision.decided_by == THE_EDGE and verdict.decision.tiers == ()


def test_a_cancel_goes_where_its_invite_went() -> None:
    decision = decide(request("CANCEL")).decision
    assert (decision.tiers, decision.decided_by) == ((), CANCELS)
    assert decide(request("ACK")).decision.tiers == decide(request("INVITE")).decision.tiers != ()


def test_a_preloaded_route_is_refused_where_the_zone_says_so() -> None:
    decider = Decider(make_settings(zones=with_zone(ZONES, "Inside", preloaded_routes=False)))
    verdict = decide(invite(routes=("<sip:sip.outside.example;lr>",)), decider)
    assert verdict.decision.refused == "404 Policy Response" and verdict.decision.tiers == ()


def test_authentication_counts() -> None:
    policy = AuthenticationPolicy.TREAT_AS_AUTHENTICATED
    zones = with_zone(ZONES, "Inside", authentication_policy=policy)
    decider = Decider(make_settings(RULES + rule("signed in", "Outside", priority="50", authenticated="yes"), zones))
    assert [tier.priority for tier in decide(request(), decider).decision.tiers] == [50]
    assert decide(request(from_="<sip:a@else.example>;tag=1"), decider).decision.tiers[0].priority == 100


@pytest.mark.slow
@examples(100)
@given(st.data())
def test_no_bytes_make_it_fail(data: st.DataObject) -> None:
    raw = bytearray(request(routes=("<sip:sip.outside.example:5061;lr>",), to=IN_DIALOG).to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw)))
        raw[place : place + data.draw(st.integers(0, 9))] = data.draw(
            st.binary(max_size=4) | st.sampled_from(SEPARATORS)
        )
    found = DECIDER.decide(1, record(bytes(raw)))
    assert not isinstance(found, Verdict) or json.loads(found.line()) == found.to_json()


def test_the_same_message_is_decided_at_each_sighting() -> None:
    assert decide(request()).zone == "Inside"
    assert decide(request(), source=Endpoint(STRANGER, 1)).zone == "Default Zone"


def test_what_the_edge_itself_sent_is_marked() -> None:
    assert not decide(request()).sent
    assert decide(request(), direction=Direction.SENT, destination=Endpoint(STRANGER, 5060)).sent
    assert decide(request(), direction=Direction.UNKNOWN, source=Endpoint(EDGE, 40_000)).sent


def test_what_another_box_logs_as_sent_to_the_edge_is_what_the_edge_got() -> None:
    assert not decide(request(), direction=Direction.SENT).sent


def test_registered_devices_can_be_said() -> None:
    verdict = decide(request(), Decider(SETTINGS, {INSIDE_PEER: LOCAL_ZONE}))
    assert verdict.zone == LOCAL_ZONE and verdict.decision.tiers


def test_columns_of_a_ladder_are_named_after_zones() -> None:
    assert DECIDER.name_of(EDGE) == "edge"
    assert DECIDER.name_of(f"{INSIDE_PEER}:40000") == DECIDER.name_of(INSIDE_PEER) == "Inside"
    assert DECIDER.name_of("2001:db8::1") == DECIDER.name_of("somebody") == DECIDER.name_of("?:x") == ""
    assert not DECIDER.is_own(None)
