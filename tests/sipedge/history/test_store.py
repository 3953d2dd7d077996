"""Segments: found by any filter, forgotten whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.decisions import BEGAN, record

from sipedge.history import kept, schema, segment
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Gap, Key, Position, TooLong, Wish, key_of


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Segments]:
    """Twelve decisions in three segments of five, five and two."""
    monkeypatch.setattr(segment, "ROWS", 5)
    made = Segments(tmp_path / "history")
    for number in range(1, 13):
        alias = ("bob@example.com", "Eve_1@far.example", "nobody@nowhere")[number % 3]
        more = {"method": "NOTIFY", "revision": "b2" * 32} if number > 9 else {}
        made.add([Batch((record(number, alias, **more),), Position("first", number * 10, number))])
    made.settle()
    yield made
    made.close()


def _numbers(history: Segments, **wish: object) -> list[int]:
    found = history.find(Wish(**wish))  # type: ignore[arg-type]
    return [int(each.call_id.partition("@")[0].removeprefix("call-")) for each in found]


def test_the_newest_come_first_and_pages_go_on_where_the_last_one_ended(history: Segments) -> None:
    assert _numbers(history) == list(range(12, 0, -1))
    first = history.find(Wish(most=4))
    assert _numbers(history, before=first[-1].key, most=100) == list(range(8, 0, -1))
    assert key_of(str(first[0].key)) == first[0].key


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "a-b", "1-2-3", "²-1", "1" * 50 + "-1"])
def test_what_names_no_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no entry"):
        key_of(text)


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [
        ({"alias": "eve"}, [10, 7, 4, 1]),
        ({"alias": "EVE_1@far"}, [10, 7, 4, 1]),
        ({"alias": "eve%"}, []),
        ({"alias": "e_e"}, []),
        ({"alias": "ann@far", "most": 2}, [12, 11]),
        ({"rule": "imp"}, [12, 9, 6, 3]),
        ({"rule": "(no rule)"}, [11, 8, 5, 2]),
        ({"rule": "im"}, []),
        ({"zone": "Internet"}, [10, 7, 4, 1]),
        ({"zone": "Default Zone", "most": 2}, [12, 11]),
        ({"zone": "moon"}, []),
        ({"method": "NOTIFY"}, [12, 11, 10]),
        ({"call_id": "call-7@far.example"}, [7]),
        ({"call_id": "call-7"}, []),
        ({"status": "failed"}, [11, 8, 5, 2]),
        ({"status": "4xx"}, [11, 8, 5, 2]),
        ({"status": "404", "method": "NOTIFY"}, [11]),
        ({"status": "2xx", "rule": "rest"}, [10, 7, 4, 1]),
        ({"revision": "b2b2"}, [12, 11, 10]),
        ({"since": BEGAN + 0.0145}, [12, 11]),
        ({"until": BEGAN + 0.0075}, [3, 2, 1]),
    ],
)
def test_each_filter_finds_what_fits_in_every_segment(
    history: Segments, wish: dict[str, object], numbers: list[int]
) -> None:
    assert _numbers(history, **wish) == numbers


def test_an_alias_that_many_have_is_found_without_an_index(history: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sipedge.history.asking.FEW", 1)
    assert _numbers(history, alias="example", most=3) == [12, 11, 10]


def test_counts_are_by_minute_class_and_rule(history: Segments) -> None:
    counted = history.counted(BEGAN, BEGAN + 600, 5)
    assert (counted.step, counted.total, counted.failed) == (120, 12, 4)
    assert {name: sum(numbers) for name, numbers in counted.classes.items()} == {"2xx": 8, "4xx": 4}
    assert counted.rules == {"imp": 4, "rest": 4, "(no rule)": 4}
    assert counted.failed_rules == {"(no rule)": 4}
    assert counted.median[0] == counted.high[0] == 4.0 and counted.median[1] is None
    assert history.counted(BEGAN + 3600, BEGAN + 7200, 5).total == 0


def test_each_question_is_counted_once_a_segment(history: Segments) -> None:
    asked = [(each.query.alias, each.count) for each in history.asked(0)]
    assert sum(count for _, count in asked) == 12 and len(asked) == 8
    assert sum(count for alias, count in asked if alias == "bob@example.com") == 4
    newest = next(iter(history.asked(0)))
    entry = history.entry(newest.last)
    assert entry is not None and entry["alias"] == newest.query.alias and newest.method == "NOTIFY"
    assert list(history.asked(BEGAN + 60)) == []


def test_it_goes_on_after_a_restart(history: Segments, tmp_path: Path) -> None:
    history.close()
    again = Segments(tmp_path / "history")
    assert again.position() == Position("first", 120, 12)
    again.add([Batch((record(13),), Position("first", 130, 13), (Gap(BEGAN, 4),))])
    assert _numbers(again, most=3) == [13, 12, 11]
    stored = again.stored()
    assert (stored.rows, stored.lost, stored.gaps) == (13, 4, (Gap(BEGAN, 4),))
    again.close()


def test_the_oldest_segment_goes_whole_by_days_and_by_bytes(history: Segments) -> None:
    history._begin()
    history.settle()
    assert history.forget(days=1e6, size=10**12) == 0
    whole = history.stored().bytes
    assert history.forget(days=1e6, size=whole - 1) == 5
    assert _numbers(history)[-1] == 6
    assert history.entry(Key(1, 1)) is None
    assert history.forget(days=0.001, size=10**12) == 7
    assert _numbers(history) == [] and history.stored().rows == 0
    history.add([Batch((record(14),), Position("first", 140, 14))])
    assert _numbers(history) == [14]


def test_a_clock_that_went_back_begins_a_segment(history: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "FEW", 1)
    history.add([Batch((record(13, time=BEGAN - 3600),), Position("first", 130, 13))])
    assert _numbers(history, most=1) == [13]
    assert _numbers(history, until=BEGAN - 3000) == [13]


def test_what_is_no_record_is_left_out_and_costs_no_other(history: Segments) -> None:
    broken = {"time": 1.0, "sequence": 13}, record(14, time=-1.0), record(15, time=1e300)
    history.add([Batch((*broken, record(16)), Position("first", 160, 16))])
    assert _numbers(history, most=2) == [16, 12]


def _batches(*numbers: int) -> Iterator[Batch]:
    """One for each number; 0 is a file that cannot be read."""
    for number in numbers:
        if not number:
            raise OSError("unreadable")
        yield Batch((record(number),), Position("first", number * 10, number), (Gap(BEGAN, 1),))


def test_several_batches_go_in_over_the_end_of_a_segment(history: Segments) -> None:
    history.add(_batches(*range(13, 25)))
    assert _numbers(history, most=100) == list(range(24, 0, -1))
    assert history.stored().lost == 12 and history.position() == Position("first", 240, 24)


def test_what_was_not_finished_is_not_there_and_goes_in_once(history: Segments) -> None:
    with pytest.raises(OSError, match="unreadable"):
        history.add(_batches(13, 14, 0))
    assert _numbers(history, most=1) == [12] and history.stored().lost == 0
    assert history.position() == Position("first", 120, 12)
    history.add(_batches(13, 14))
    assert _numbers(history, most=3) == [14, 13, 12] and history.stored().rows == 14


def test_what_filled_a_segment_stays_when_the_rest_fails(history: Segments) -> None:
    with pytest.raises(OSError, match="unreadable"):
        history.add(_batches(13, 14, 15, 16, 0))
    assert _numbers(history, most=1) == [15] and history.position() == Position("first", 150, 15)


def test_a_disk_that_is_full_costs_nothing_that_was_there(history: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    file = history._writing._file
    pages = file.execute("PRAGMA page_count").fetchone()[0]
    file.execute(f"PRAGMA max_page_count = {pages}")
    big = record(13, "x" * 100_000)
    with pytest.raises(OSError, match="full"):
        history.add([Batch((big,), Position("first", 130, 13))])
    assert history.position() == Position("first", 120, 12)
    file.execute("PRAGMA max_page_count = 1000000")
    history.add([Batch((big,), Position("first", 130, 13))])
    assert _numbers(history, most=2) == [13, 12]


def test_no_question_reads_a_sealed_segment_without_an_index(history: Segments, tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "history/000001.db")
    names = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}
    file.close()
    assert len(names) == schema.SEAL.count("CREATE INDEX")


def test_a_question_that_takes_too_long_is_ended(history: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PATIENCE", -1.0)
    with pytest.raises(TooLong, match="ask for a shorter time"):
        history.find(Wish(alias="bob"))
    with pytest.raises(TooLong):
        history.counted(BEGAN, BEGAN + 60, 5)
    assert history.stored().rows == 12 and len(list(history.asked(0))) == 8, "what must end is not ended"
