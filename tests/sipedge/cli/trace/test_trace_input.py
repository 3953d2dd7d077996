from __future__ import annotations

from pathlib import Path

import pytest
from support.traces import record, write_trace

from sipedge.cli.trace.trace_input import MAX_LINES, Tally, TraceInput
from sipedge.traces.records.record import Skipped


def test_records_of_all_files_and_what_is_wrong_with_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = write_trace(tmp_path / "t.jsonl", [record(), record()])
    given = TraceInput([trace, str(tmp_path / "missing"), trace])
    assert len(list(given.records())) == 4 and given.finish() == 0
    assert capsys.readouterr().err == f"sipedge: {tmp_path}/missing: cannot be read: No such file or directory\n"


def test_many_things_passed_over_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for number in range(MAX_LINES + 5):
        tally.skip(Skipped("log", number, "\x1b[31mbroken"))
    tally.read("log")
    assert tally.finish() == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == r"sipedge: log: at byte 0: \x1b[31mbroken"
    assert lines[-2:] == ["sipedge: log: 5 more things passed over", "sipedge: 25 things passed over"]


@pytest.mark.parametrize(("messages", "skipped", "status"), [(0, 0, 0), (1, 1, 0), (0, 1, 2)])
def test_a_sound_file_without_messages_is_readable(messages: int, skipped: int, status: int) -> None:
    tally = Tally()
    tally.read("log", messages)
    for _ in range(skipped):
        tally.skip(Skipped("log", 0, "broken"))
    assert tally.finish() == status
    tally.fail("other", "other: no known format")
    assert tally.finish() == status


def test_nothing_is_said_a_second_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(TraceInput([str(tmp_path / "missing")], quiet=True).records()) == []
    assert capsys.readouterr().err == ""
