"""The guard over the number of instructions; the count itself is .ci/run's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.bench import dialogs, instructions
from zones.zone import FromDomain


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "instructions.json"
    path.write_text(json.dumps({"python": instructions.PYTHON, instructions.half(): 1000}))
    monkeypatch.setattr(instructions, "RECORD", path)
    return path


@pytest.mark.parametrize(("figure", "status"), [(500, 0), (1000, 0), (1100, 0), (1101, 1)])
@pytest.mark.usefixtures("record")
def test_a_tenth_more_than_the_record_is_refused(figure: int, status: int) -> None:
    assert instructions.guard(figure, instructions.half()) == status


def test_another_python_is_not_compared(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record.write_text(json.dumps({"python": "3.0", instructions.half(): 1000}))
    assert instructions.guard(5000, instructions.half()) == 0
    assert "not compared" in capsys.readouterr().out


def test_the_record_is_of_a_python_that_the_edge_runs_on_and_has_all_figures() -> None:
    known = json.loads(instructions.RECORD.read_text())
    assert known["python"] in ("3.11", "3.12")
    remembered, anew, without = (known[each] for each in instructions.HALVES)
    assert remembered < anew < without


def test_a_record_keeps_the_figure_of_the_other_half(record: Path) -> None:
    other = next(half for half in instructions.HALVES if half != instructions.half())
    record.write_text(json.dumps({"python": instructions.PYTHON, other: 2000}))
    instructions.record(1500, instructions.half())
    assert json.loads(record.read_text()) == {"python": instructions.PYTHON, other: 2000, instructions.half(): 1500}


@pytest.mark.parametrize("window", [1, 8])
def test_what_is_counted_is_answered(window: int) -> None:
    instructions.proxy(80, window, instructions.settings(False, FromDomain.ANY))


@pytest.mark.parametrize("mode", dialogs.MODES)
def test_calls_and_subscriptions_that_are_counted_go_through(mode: str) -> None:
    dialogs.proxy(mode, 16, 8)
