from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.messages import answer_to, request
from support.traces import STRANGER, record, write_config, write_trace

from sipedge.replay import running, work
from sipedge.replay.running import run, verdicts
from sipedge.replay.work import Part, Plans, Wanted, deciders_of
from sipedge.traces.records.record import Direction, Endpoint, Record

EVERYTHING = Wanted(rows=True, classes=True)


def records(count: int) -> list[Record]:
    """Requests and their answers in turn."""
    sent = [request(call_id=str(number), uri=f"sip:user{number % 3}@outside.example") for number in range(count)]
    pairs = [(one, answer_to(one, 200)) for one in sent]
    return [record(message, position=9) for pair in pairs for message in pair]


@pytest.fixture
def world(tmp_path: Path) -> tuple[Plans, list[str]]:
    traces = [write_trace(tmp_path / f"{number}.jsonl", records(5 + number)) for number in range(3)]
    (tmp_path / "noise").write_bytes(b"\x00\x01")
    return Plans((write_config(tmp_path),)), [*traces[:2], str(tmp_path / "noise"), traces[2]]


def numbers(parts: list[Part]) -> list[int]:
    return [part.start + number for part in parts for number in part.numbers]


def test_requests_have_their_number_among_all_messages(world: tuple[Plans, list[str]]) -> None:
    plans, traces = world
    parts = list(run(plans, EVERYTHING, traces))
    assert numbers(parts) == list(range(1, 36, 2))
    assert [part.error.partition(": ")[2] for part in parts if part.error] == ["no known trace format"]
    assert [len(part.rows) for part in parts] == [5, 6, 0, 7]
    assert [len(part.classes or ()) for part in parts] == [1, 1, 0, 1]
    assert [verdict.index for verdict in verdicts(deciders_of(plans)[0], traces)] == numbers(parts)


@pytest.mark.parametrize("small", [1, 1000, 1 << 20])
@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_an_executor_changes_nothing(
    world: tuple[Plans, list[str]], monkeypatch: pytest.MonkeyPatch, small: int, batch: int
) -> None:
    plans, traces = world
    whole = list(run(plans, EVERYTHING, traces))
    monkeypatch.setattr(running, "SMALL", small)
    monkeypatch.setattr(work, "BATCH", batch)
    with ThreadPoolExecutor(2) as pool:
        parts = list(run(plans, EVERYTHING, traces, pool, 2))
    assert numbers(parts) == numbers(whole)
    assert [tail for part in parts for tail in part.tails[0]] == [tail for part in whole for tail in part.tails[0]]
    assert [row for part in parts for row in part.rows] == [row for part in whole for row in part.rows]
    assert sum(part.messages for part in parts) == 36


def test_verdicts_are_the_same_when_nothing_else_is_wanted(world: tuple[Plans, list[str]]) -> None:
    plans, traces = world
    whole, alone = list(run(plans, EVERYTHING, traces)), list(run(plans, Wanted(), traces))
    assert numbers(alone) == numbers(whole)
    assert [part.tails for part in alone] == [part.tails for part in whole]


def test_two_configurations_decide_the_same_requests(tmp_path: Path) -> None:
    other = write_config(tmp_path, 'search rule "all" {\n    target zone "Inside"\n}\n', "other")
    trace = write_trace(tmp_path / "t.jsonl", records(2))
    (part,) = run(Plans((write_config(tmp_path), other)), Wanted(), [trace])
    assert [len(tails) for tails in part.tails] == [2, 2]
    assert '"rule": "out"' in part.tails[0][0] and '"rule": "all"' in part.tails[1][0]
    assert part.rows == [] and part.classes is None


def test_what_was_sent_can_be_left_out(tmp_path: Path) -> None:
    sent = record(direction=Direction.SENT, destination=Endpoint(STRANGER, 5060))
    trace = write_trace(tmp_path / "t.jsonl", [record(), sent, record()])
    plans = Plans((write_config(tmp_path),))
    assert [part.numbers for part in run(plans, Wanted(), [trace])] == [[0, 1, 2]]
    assert [part.numbers for part in run(plans, Wanted(received_only=True), [trace])] == [[0, 2]]


def test_requests_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    broken = record(b"MESSAGE sip:a@b SIP/2.0\r\nnonsense\r\n\r\n")
    trace = write_trace(tmp_path / "t.jsonl", [*records(1), broken, *records(1)])
    config = write_config(tmp_path)
    (part,) = run(Plans((config, config)), Wanted(), [trace])
    assert (part.numbers, part.messages) == ([0, 3], 5)
    assert [skipped.reason for skipped in part.passed_over] == ["a request cannot be read: header line 1 has no colon"]
