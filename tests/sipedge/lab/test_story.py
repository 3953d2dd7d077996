from __future__ import annotations

import json
from typing import Any

from sipedge.lab.story import IMP, INSIDE, OUTSIDE, SFB, read_decisions, tell
from sipedge.traces.ladder.ladder import Arrow, Heading, Note

REQUEST = "MESSAGE sip:romeo@c.example;x=1 SIP/2.0\r\nCall-ID: 1\r\nCSeq: 2 MESSAGE\r\n\r\nhi"
RESPONSE = "SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: 2 MESSAGE\r\n\r\n"


def message(time: float, party: str, direction: str, text: str) -> dict[str, Any]:
    return {"event": "message", "time": time, "party": party, "direction": direction, "text": text}


def decision(time: float, zone: str = "Inside", **changes: Any) -> str:
    entry = {
        "time": time,
        "method": "MESSAGE",
        "request_uri": "sip:romeo@c.example;x=1",
        "call_id": "1",
        "cseq": "2 MESSAGE",
        "decided_by": "rules",
        "rules": [{"rule": "yes", "zone": zone, "alias": "a"}],
        "route": "",
        "hops": [{"zone": zone}],
        "status": 200,
    }
    return json.dumps({**entry, **changes})


WIRE = [
    message(1.0, "sfb", "sent", REQUEST),
    message(1.4, "imp", "received", REQUEST),
    message(1.5, "imp", "sent", RESPONSE),
    message(1.8, "sfb", "received", RESPONSE),
]


def test_every_hop_of_a_request_and_one_arrow_for_its_response() -> None:
    decisions = read_decisions(OUTSIDE, [decision(1.1)])
    decisions += read_decisions(INSIDE, [decision(1.2, "IMP")])
    label = "MESSAGE romeo"
    assert tell(WIRE, decisions) == [
        Arrow(1.0, SFB, OUTSIDE, label),
        Note(1.1, OUTSIDE, 'rule "yes" → Inside'),
        Arrow(1.1, OUTSIDE, INSIDE, label),
        Note(1.2, INSIDE, 'rule "yes" → IMP'),
        Arrow(1.2, INSIDE, IMP, label),
        Arrow(1.8, IMP, SFB, "200 OK (MESSAGE)"),
    ]


def test_without_decision_logs_the_ends_are_still_there() -> None:
    arrows = [(item.source, item.target) for item in tell(WIRE, []) if isinstance(item, Arrow)]
    assert arrows == [(SFB, OUTSIDE), (INSIDE, IMP), (IMP, SFB)]


def test_a_decision_logged_before_the_dns_answered_draws_no_arrow_of_its_own() -> None:
    wire = [message(1.0, "imp", "sent", REQUEST), message(1.4, "sfb", "received", REQUEST)]
    records = tell(wire, read_decisions(OUTSIDE, [decision(1.2, "Microsoft", hops=[])]))
    assert [type(record) for record in records] == [Arrow, Note, Arrow]
    assert records[2] == Arrow(1.4, OUTSIDE, SFB, "MESSAGE romeo")


def test_a_response_that_an_edge_made_comes_from_that_edge() -> None:
    refused = RESPONSE.replace("200 OK", "404 Not Found")
    records = tell([WIRE[0], message(1.2, "sfb", "received", refused)], [])
    assert records[1] == Arrow(1.2, OUTSIDE, SFB, "404 Not Found (MESSAGE)")


def test_what_an_edge_asks_of_its_own_is_left_out() -> None:
    assert tell([WIRE[1], WIRE[2]], read_decisions(INSIDE, [decision(1.0)])) == []


def test_signed_route_no_rule_and_own_answers_are_said() -> None:
    lines = [
        decision(1, route="IMP"),
        decision(1, rules=[], hops=[], status=404),
        decision(1, rules=[], decided_by="refused", hops=[], status=0),
    ]
    assert [item.text for item in read_decisions(INSIDE, lines)] == [
        "signed Route → IMP",
        "no rule matched",
        "answered here",
    ]


def test_lines_of_other_kinds_are_passed_over() -> None:
    assert read_decisions(INSIDE, ["", "nonsense", "[]", '{"time": 1}', "null"]) == []


def test_steps_and_logs_become_headings_and_notes() -> None:
    events = [
        {"event": "step", "title": "One", "time": 1.0, "party": "lab"},
        {"event": "log", "text": "504: 1009;reason=x;domain=y", "time": 2.0, "party": "sfb"},
        {"event": "client", "text": "504", "time": 3.0, "party": "sfb"},
        {"event": "log", "text": "elsewhere", "time": 4.0, "party": "dns"},
    ]
    assert tell(events, []) == [
        Heading(1.0, "One"),
        Note(2.0, SFB, "log: 504: 1009;reason=x"),
        Note(3.0, SFB, "client shows: 504"),
    ]
