from __future__ import annotations

from pathlib import Path

from support.messages import request
from support.traces import STRANGER, record, write_config

from sipedge.config import load_config
from sipedge.queries.testing import load_suites
from sipedge.replay.cases import Classes, NewCase, cases_text, with_case
from sipedge.replay.decider import Decider
from sipedge.replay.verdict import Verdict
from sipedge.sip.message import Message
from sipedge.traces.records.record import Direction, Endpoint

MESSAGES = [
    request(),
    request(uri="sip:eve@outside.example"),
    request(uri="sip:0049@outside.example"),
    request("OPTIONS", "sip:outside.example"),
    request(uri='sip:"quoted"@outside.example;x=1'),
    request(uri="sip:bob@inside.example"),
]


def classes_of(config: str, messages: list[Message]) -> Classes:
    decider = Decider(load_config(config, create_secret=False))
    classes = Classes()
    for number, message in enumerate(messages, 1):
        found = decider.decide(number, record(message))
        assert isinstance(found, Verdict)
        classes.add(found)
    return classes


def test_requests_of_one_class_make_one_case(tmp_path: Path) -> None:
    classes = classes_of(write_config(tmp_path), MESSAGES)
    found = [(one.first.method, one.first.decision.transform, one.requests) for one in classes]
    assert found[0] == ("MESSAGE", None, 2) and len(classes) == 4
    assert ("MESSAGE", "short", 1) in found


def test_the_cases_hold_today(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    folder = tmp_path / "cases"
    folder.mkdir()
    file = folder / "traffic.cases"
    text = cases_text(classes_of(config, MESSAGES), config, str(file))
    (suite,) = load_suites([(str(file), text)])
    assert len(suite.questions) == 4
    assert [answer.differences for answer in suite.answers()] == [()] * 4


def test_what_no_rule_decided_makes_no_case(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    messages = [request("OPTIONS", "sip:203.0.113.1:5060"), request(uri="sip:a@b@c")]
    assert len(classes_of(config, messages)) == 0
    classes = Classes()
    found = Decider(load_config(config, create_secret=False)).decide(
        1, record(direction=Direction.SENT, destination=Endpoint(STRANGER, 5060))
    )
    assert isinstance(found, Verdict)
    classes.add(found)
    assert len(classes) == 0


def test_names_are_unique_and_fit(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    one, other = classes_of(config, MESSAGES[:1]), classes_of(config, MESSAGES[2:3])
    one.merge(other, 100)
    assert [(item.requests, item.first.index) for item in one] == [(1, 1), (1, 101)]
    one.merge(classes_of(config, MESSAGES[:2]), 200)
    assert [(item.requests, item.first.index) for item in one] == [(3, 1), (1, 101)]
    text = cases_text(one, config, str(tmp_path / "x.cases"))
    assert text.count('case "') == 2 and ' (2)" {' in text


def test_a_case_is_put_at_the_end_of_a_file_whatever_that_holds(tmp_path: Path) -> None:
    decision = classes_of(write_config(tmp_path), MESSAGES[:1])
    (verdict,) = [each.first for each in decision]
    case = NewCase("one of today", verdict.zone, verdict.traffic, verdict.decision)
    own = case.name(())
    text, line = with_case('plan "edge.toml"\n', case)
    assert text.splitlines()[1:4] == ["", "# one of today", f'case "{own}" {{'] and line == 4
    again, line = with_case(text, case)
    assert again.splitlines()[line - 1] == f'case "{own} (2)" {{' and again.startswith(text.rstrip())
    file = tmp_path / "made.cases"
    (suite,) = load_suites([(str(file), again)])
    assert [answer.differences for answer in suite.answers()] == [()] * 2
    broken, line = with_case(f'CASE  "{own}" {{ nonsense\r\n\r\n', case)
    assert broken.split("\r\n")[line - 1] == f'case "{own} (2)" {{' and "\n" not in broken.replace("\r\n", "")
    assert with_case("", case)[1] == 2
