from __future__ import annotations

import pytest

from sipedge.traces.records.own_decision import OwnDecision, RuleHit

HIT = RuleHit("out", "Far", "bob@far.example")
FOUND = OwnDecision(
    1, "ab", "rules", "bob@far.example", "", "standard", "", "sip", False, "", (HIT,), 404, False, "Nobody", 12.4
)


@pytest.mark.parametrize(
    ("decision", "text"),
    [
        (FOUND, 'rule "out" -> Far as bob@far.example: 404 Nobody after 12 ms'),
        (
            FOUND._replace(rules=(), own=True, reason="no rule leads on"),
            "no rule: 404 no rule leads on of its own after 12 ms",
        ),
        (FOUND._replace(decided_by="signed Route", route="Far"), "signed Route to Far: 404 Nobody after 12 ms"),
        (FOUND._replace(decided_by="refused", status=0, reason="", ms=None), "refused: no response"),
    ],
)
def test_a_decision_in_a_few_words(decision: OwnDecision, text: str) -> None:
    assert str(decision) == text


def test_its_json_is_whole() -> None:
    assert FOUND.to_json()["rules"] == [{"rule": "out", "zone": "Far", "alias": "bob@far.example"}]
    assert list(FOUND.to_json()) == list(OwnDecision._fields)
