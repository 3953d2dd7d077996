from __future__ import annotations

from support.messages import answer_to, request
from support.settings import EDGE, INSIDE_PEER, SECRET, make_settings
from support.traces import STRANGER, record

from sipedge.anonymise.trace import Anonymiser
from sipedge.decision.deciding import SIGNED_ROUTE
from sipedge.decision.record_route import TokenKey, ZonePair
from sipedge.replay.decider import Decider
from sipedge.replay.verdict import Verdict
from sipedge.sip.message import parse_message
from sipedge.traces.records.record import Endpoint, Record

DECIDER = Decider(make_settings())
KEY = TokenKey(SECRET, ("Inside", "Outside"))
IN_DIALOG = "<sip:bob@outside.example>;tag=bob-tag"


def anonymised(*records: Record) -> list[Record]:
    anonymiser = Anonymiser(b"key", DECIDER)
    for one in records:
        anonymiser.learn(one)
    assert anonymiser.settle() == 0
    return [anonymiser.replaced(one) for one in records]


def test_addresses_of_the_configuration_stay() -> None:
    inside, stranger = anonymised(record(), record(source=Endpoint(STRANGER, 9)))
    assert inside.source == Endpoint(INSIDE_PEER, 40_000) and inside.destination == Endpoint(EDGE, 5060)
    assert stranger.source is not None and stranger.source.host != STRANGER and stranger.source.port == 9


def test_host_names_of_a_log_are_replaced() -> None:
    (one,) = anonymised(record(source=Endpoint("fe01.contoso.example", 5061)))
    assert one.source is not None and "contoso" not in one.source.host


def test_without_an_address_the_via_stands_in() -> None:
    (one,) = anonymised(record(source=None))
    assert one.source == Endpoint("192.0.2.10", 5061)
    (one,) = anonymised(record(b"nonsense", source=None))
    assert one.source is None


def test_tokens_of_this_edge_are_signed_again() -> None:
    token = KEY.mint(ZonePair("Inside", "Outside", issued=1), "call-1", "alice-tag")
    message = request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to=IN_DIALOG)
    (one,) = anonymised(record(message))
    assert token.encode() not in one.data and len(one.data) == len(message.to_bytes())
    verdict = DECIDER.decide(1, one)
    assert isinstance(verdict, Verdict) and verdict.decision.decided_by == SIGNED_ROUTE
    assert parse_message(one.data).call_id != "call-1"


def test_tokens_of_others_are_words() -> None:
    token = TokenKey(b"another secret of sixteen", ("Inside",)).mint(ZonePair("Inside", "Inside"), "call-1", "x")
    message = request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to=IN_DIALOG)
    (one,) = anonymised(record(message))
    assert token.encode() not in one.data


def test_without_a_configuration_nothing_need_stay() -> None:
    anonymiser = Anonymiser(b"key")
    anonymiser.learn(record())
    assert anonymiser.settle() == 0
    one = anonymiser.replaced(record(answer_to(request(), 200)))
    assert b"inside" not in one.data and one.source is not None and one.source.host != INSIDE_PEER
