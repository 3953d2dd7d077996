from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from sipedge.audit.chain import broken_at, hash_of
from sipedge.audit.log import AuditLog


class Told:
    def __init__(self, folder: Path) -> None:
        self.reported: list[str] = []
        self.log = AuditLog(str(folder), self.reported.append)
        self.path = folder / "audit.jsonl"

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()


@pytest.fixture
def told(tmp_path: Path) -> Told:
    made = Told(tmp_path)
    for number in range(1, 6):
        made.log.add("alice", "127.0.0.1", "apply", f"change {number}", "ab" * 32)
    return made


def test_entries_are_numbered_and_chained(told: Told) -> None:
    assert [entry.about for entry in told.log.newest(2)] == ["change 5", "change 4"]
    assert [json.loads(line)["number"] for line in told.lines()] == [1, 2, 3, 4, 5]
    assert json.loads(told.lines()[1])["before"] == hash_of(told.lines()[0].encode())
    assert told.log.broken_at() == 0


def test_the_systems_log_gets_each_entry_with_its_hash(told: Told) -> None:
    assert told.reported[4] == f"{told.lines()[4]} {hash_of(told.lines()[4].encode())}"


@pytest.mark.parametrize("change", ["changed", "removed", "inserted", "swapped"])
def test_what_somebody_did_to_the_file_is_noticed(told: Told, change: str) -> None:
    lines = told.lines()
    if change == "changed":
        lines[2] = lines[2].replace("change 3", "change x")
    elif change == "removed":
        del lines[2]
    elif change == "inserted":
        lines.insert(2, lines[2])
    else:
        lines[2], lines[3] = lines[3], lines[2]
    told.path.write_text("\n".join(lines) + "\n")
    assert told.log.broken_at() in (3, 4)


def test_a_torn_last_line_is_reported_and_the_log_goes_on(told: Told) -> None:
    text = told.path.read_text()
    told.path.write_text(text[:-20])
    told.log.add("bob", "", "log-in")
    assert told.log.broken_at() == 5
    assert told.log.newest(1)[0].who == "bob"
    assert len(told.log.newest(10)) == 5


def test_several_who_write_at_once_make_one_chain(told: Told) -> None:
    def write() -> None:
        for _ in range(20):
            told.log.add("x", "", "y")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.log.broken_at() == 0 and len(told.lines()) == 85


def test_texts_of_strangers_stay_one_line_of_bounded_length(told: Told) -> None:
    told.log.add("a\nb\ud800", "", "log-in refused", "x" * 100_000)
    assert len(told.lines()) == 6 and len(told.lines()[5]) < 1500
    assert told.log.newest(1)[0].who == "a\nb?"
    assert told.log.broken_at() == 0


def test_a_log_that_is_not_there_is_empty_and_whole(tmp_path: Path) -> None:
    log = AuditLog(str(tmp_path))
    assert log.newest(5) == [] and log.broken_at() == 0 == broken_at([])
