from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import ROOT

from dialplan.model import Target, Tier, Traffic
from sipedge.decision.deciding import EDGE
from sipedge.replay.verdict import HEADER, Decision, Verdict, label, numbered, row

TIERS = (
    Tier(10, False, (Target("one", "A", "a@x"), Target("two", "B", "b@x"))),
    Tier(20, True, (Target("three", "C", "c@x"),)),
)
DECISION = Decision("a@x", "t", TIERS, alias="0a@x", authenticated=True)
KEYS = """index time source destination method request_uri call_id cseq zone traffic in_dialog searched transform
tiers""".split()


def verdict(**fields: object) -> Verdict:
    values: dict[str, object] = {
        "index": 7,
        "time": 36_000.25,
        "source": "192.0.2.1:5060",
        "destination": None,
        "method": "MESSAGE",
        "request_uri": "sip:a@x",
        "call_id": "1",
        "cseq": "1 MESSAGE",
        "zone": "Z",
        "traffic": Traffic.MICROSOFT_IMP,
        "evidence": "method MESSAGE",
        "in_dialog": True,
        "decision": DECISION,
    }
    return Verdict(**{**values, **fields})  # type: ignore[arg-type]


def test_json_has_the_promised_keys() -> None:
    found = verdict().to_json()
    assert set(KEYS) <= set(found)
    assert (found["index"], found["time"], found["in_dialog"]) == (7, "1970-01-01T10:00:00.250000Z", True)
    assert found["tiers"][1] == {
        "priority": 20,
        "stop": True,
        "targets": [{"rule": "three", "zone": "C", "alias": "c@x"}],
    }


def test_rows_show_what_was_sent_in_brackets() -> None:
    assert " (Default Zone) " in row(verdict(zone="Default Zone", sent=True))
    assert len(row(verdict(zone="x" * 30, sent=True))) == len(row(verdict(zone="x" * 30)))


ANY = st.text(max_size=20) | st.just("\udcff\x00\"\\'")


@examples(60)
@given(ANY, ANY, st.none() | ANY, st.none() | st.floats(0, 4e9) | st.just(1e300), st.booleans())
def test_the_fast_line_is_the_json(uri: str, name: str, source: str | None, time: float | None, inside: bool) -> None:
    one = verdict(
        time=time,
        source=source,
        request_uri=uri,
        method=name,
        zone=name,
        evidence=uri,
        call_id=uri,
        cseq=name,
        in_dialog=inside,
        decision=Decision(name, uri, TIERS),
    )
    assert one.line() == json.dumps(one.to_json()) == numbered(one.index, one.tail())


def test_labels_name_the_rules_tier_by_tier() -> None:
    assert label(DECISION.to_json()) == "one + two, then three"
    assert label(Decision("a", None, ()).to_json()) == "no rule"
    assert label(Decision("a", None, (), EDGE).to_json()) == EDGE


def test_rows_stand_under_the_header_and_show_no_control_characters() -> None:
    text = f"{7:>6} " + row(verdict(method="ME\x1b", zone="Inside"))
    assert text.index("Inside") == HEADER.index("from zone")
    assert text.endswith("a@x: one + two, then three -> A as a@x; B as b@x; C as c@x")
    assert "\x1b" not in text and "10:00:00.250000" in text
    assert row(verdict(decision=Decision("a", None, ()))).endswith("a: no rule")


def test_the_keys_are_described() -> None:
    text = (ROOT / "docs/replay.md").read_text()
    table = text[text.index("## What a verdict says") : text.index("**The source zone**")]
    assert [key for key in verdict().to_json() if f"`{key}`" not in table] == []
