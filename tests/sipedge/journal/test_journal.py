"""The thread of a journal."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from sipedge.journal import journal as journal_module
from sipedge.journal.file import Changes
from sipedge.journal.journal import Journal


def test_what_was_kept_is_recalled(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    first = Journal(path)
    assert first.recalled == {}
    for number in range(1000):
        first.keep(str(number % 10), b"%d" % number)
    first.keep("3", None)
    first.end()
    first.join()
    second = Journal(path)
    assert second.recalled == {str(number % 10): b"%d" % number for number in range(990, 1000) if number % 10 != 3}
    second.end()
    second.join()


def test_what_could_not_be_written_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "FIRST_PAUSE", 0.01)
    journal = Journal(str(tmp_path / "journal"))
    append, failures, written = journal._file.append, [OSError(28, "No space left on device")] * 2, Event()

    def failing(changes: Changes) -> None:
        if changes and failures:
            journal.keep("b", b"newer")
            raise failures.pop()
        append(changes)
        if changes:
            written.set()

    monkeypatch.setattr(journal._file, "append", failing)
    journal.keep("a", b"1")
    journal.keep("b", b"older")
    assert written.wait(10)
    journal.end()
    journal.join()
    again = Journal(str(tmp_path / "journal"))
    assert again.recalled["a"] == b"1" and again.recalled["b"] == b"newer"
    again.end()
    again.join()
