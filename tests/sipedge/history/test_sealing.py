from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.decisions import record

from sipedge.history import sealing as module
from sipedge.history.files import reading
from sipedge.history.sealing import Sealing, is_sealed
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, Wish


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Segments]:
    """Two decisions, of which none is sealed."""
    made = Segments(tmp_path)
    made.add([Batch((record(1), record(2)), Position("first", 20, 2))])
    yield made
    made.close()


def _is_sealed(folder: Path, number: int = 1) -> bool:
    with reading(folder / f"{number:06}.db") as file:
        return is_sealed(file)


def _numbers(history: Segments) -> list[int]:
    return [int(each.call_id.partition("@")[0].removeprefix("call-")) for each in history.find(Wish())]


def _cannot(file: sqlite3.Connection) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_segment_that_could_not_be_sealed_is_found_in_and_tried_again(
    history: Segments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "seal", _cannot)
        history._begin()
        history.settle()
    assert "000001.db: no indexes yet: database or disk is full" in caplog.text
    assert not _is_sealed(tmp_path) and _numbers(history) == [2, 1]
    history.forget(days=1e6, size=1 << 40)
    history.settle()
    assert _is_sealed(tmp_path) and _numbers(history) == [2, 1]


def test_what_a_dead_console_had_not_sealed_the_next_one_seals(
    history: Segments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "seal", _cannot)
        history._begin()
        history.close()
    again = Segments(tmp_path)
    again.settle()
    assert _is_sealed(tmp_path) and not _is_sealed(tmp_path, 2)
    again.close()


def test_a_statement_that_fails_leaves_the_segment_as_it_was(
    history: Segments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEAL", f"{module.SEAL} INSERT INTO nothing VALUES (1);")
    history._begin()
    history.settle()
    assert not _is_sealed(tmp_path)
    with reading(tmp_path / "000001.db") as file:
        (indexes,) = file.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name LIKE 'by%'"
        ).fetchone()
    assert indexes == 0


def test_a_segment_that_was_forgotten_is_not_made_anew(tmp_path: Path) -> None:
    sealing = Sealing()
    sealing.add(tmp_path / "000001.db")
    sealing.end()
    assert not (tmp_path / "000001.db").exists()
