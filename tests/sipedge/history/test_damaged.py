"""A segment that is damaged, or of another version: the others answer, and what comes is kept."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.decisions import record

from sipedge.history import segment
from sipedge.history.files import VERSION
from sipedge.history.kept import Kept
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Key, Position, Unreadable, Wish

NEWER = f"PRAGMA user_version = {VERSION + 1}"


def _add(history: Segments, *numbers: int) -> None:
    for number in numbers:
        history.add([Batch((record(number),), Position("first", number * 10, number))])
    history.settle()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve decisions in three segments of five, five and two."""
    monkeypatch.setattr(segment, "ROWS", 5)
    history = Segments(tmp_path)
    _add(history, *range(1, 13))
    history.close()
    return tmp_path


def _spoil(path: Path, since: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(since)
        file.write(b"\xa5" * (path.stat().st_size - since))


def _numbers(history: Kept) -> list[int]:
    return [int(each.call_id.partition("@")[0].removeprefix("call-")) for each in history.find(Wish())]


@pytest.mark.parametrize("since", [0, 100, 5000])
def test_a_damaged_segment_is_left_out_and_told(folder: Path, since: int) -> None:
    _spoil(folder / "000002.db", since)
    history = Segments(folder)
    assert _numbers(history) == [12, 11, 5, 4, 3, 2, 1]
    (why,) = history.unreadable
    assert "000002.db" in why and history.stored().unreadable == (why,)
    assert history.count(Wish()) == 7 and history.counted(0, 2e9, 10).total == 7
    assert sum(each.count for each in history.asked(0)) == 7
    assert history.entry(Key(2, 1)) is None
    _add(history, 13)
    assert _numbers(history)[0] == 13
    history.close()


def test_a_damaged_segment_is_forgotten_in_its_time_and_holds_up_no_other(folder: Path) -> None:
    _spoil(folder / "000001.db")
    _spoil(folder / "000002.db")
    history = Segments(folder)
    history.forget(1, 1 << 40)
    assert (folder / "000001.db").exists(), "it was written to a moment ago"
    os.utime(folder / "000001.db", (0, 0))
    history.forget(1, 1 << 40)
    assert not (folder / "000001.db").exists() and (folder / "000002.db").exists()
    assert len(history.unreadable) == 1
    history.forget(1, 0)
    assert not (folder / "000002.db").exists() and history.unreadable == ()
    history.close()


@pytest.mark.parametrize("how", ["spoilt", "newer"])
def test_where_the_last_segment_cannot_be_gone_on_with_the_next_one_is_begun(folder: Path, how: str) -> None:
    path = folder / "000003.db"
    if how == "spoilt":
        _spoil(path)
    else:
        with closing(sqlite3.connect(path)) as file:
            file.execute(NEWER)
    held = path.read_bytes()
    history = Segments(folder)
    assert history.position() == Position("first", 100, 10), "what the damaged one held is read again"
    _add(history, 11, 12, 13)
    assert _numbers(history) == [13, 12, 11, *range(10, 0, -1)]
    (why,) = history.unreadable
    assert "000003.db" in why and ("newer version" in why) == (how == "newer")
    assert path.read_bytes() == held, "it may be mended, or read by the version that wrote it"
    history.close()


def test_a_segment_that_breaks_while_it_is_written_is_left_behind(folder: Path) -> None:
    history = Segments(folder)
    with closing(sqlite3.connect(folder / "000003.db")) as file:
        file.execute("PRAGMA wal_checkpoint(truncate)")
    _spoil(folder / "000003.db")
    with pytest.raises(Unreadable, match="000003.db"):
        _add(history, 13)
    _add(history, 13, 14)
    assert _numbers(history)[:3] == [14, 13, 10]
    history.close()


def test_a_segment_of_an_older_build_that_said_no_version_is_read(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "000001.db")) as file:
        file.execute("PRAGMA user_version = 0")
    assert _numbers(Kept(folder))[-1] == 1
