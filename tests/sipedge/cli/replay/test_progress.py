from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import pytest

from sipedge.cli.replay import progress
from sipedge.cli.replay.progress import Progress
from sipedge.replay.work import Part


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_counts_the_bytes_of_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traces = []
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(bytes(100))
        traces.append(str(tmp_path / name))
    monkeypatch.setattr(progress, "WORTH_SHOWING", 1)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress(traces) as shown:
        shown.at(Part(traces[0], position=50))
        shown.at(Part(traces[1], position=10))
        assert shown._bar is not None and shown._bar.pos == 110
        shown.at(Part(traces[1], position=10**9))
        assert shown._bar.pos == 200


def test_nothing_is_shown_where_nobody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "a"
    trace.write_bytes(bytes(100))
    monkeypatch.setattr(progress, "WORTH_SHOWING", 1)
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress([str(trace), str(tmp_path / "missing")]) as shown:
        shown.at(Part(str(trace), position=50))
    assert stream.getvalue() == ""
