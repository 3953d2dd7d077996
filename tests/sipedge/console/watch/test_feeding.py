"""The file of decisions carried into the history, whatever happens to either."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from support.console import browser, with_account, world_beside
from support.decisions import record, write
from support.recorded import carry, configuration, recorded

from sipedge.accounts.roles import Role
from sipedge.console.watch.feeding import Feeder
from sipedge.history.store import Segments
from sipedge.history.wish import Wish
from sipedge.revisions.files import FileSet


def test_what_a_dead_console_missed_is_found_when_it_lives_again(tmp_path: Path) -> None:
    world = recorded(tmp_path, map(record, (1, 2)))
    world.watch.close()
    write(tmp_path / "decisions.jsonl", map(record, (3, 4)))
    again = recorded(tmp_path, [record(5)])
    assert len(again.watch.history.find(Wish())) == 5
    again.watch.close()


def test_a_gap_is_an_alarm_and_has_its_size(tmp_path: Path) -> None:
    world = recorded(tmp_path, map(record, (1, 2)))
    write(tmp_path / "decisions.jsonl", [record(12)])
    carry(world)
    assert world.watch.feeder.lost == 9 and world.watch.history.stored().lost == 9
    anyio.run(world.watch.seen, None, "nobody there")
    text = browser(world).get("/alarms").text
    assert "9 decisions were put aside" in text and "nobody there" in text
    world.watch.close()


def test_a_full_disk_stops_the_history_and_nothing_is_lost_by_it(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    history = Segments(tmp_path / "history")
    feeder = Feeder(history, str(config.parent / "decisions.jsonl"), 30, 10**9)
    write(tmp_path / "decisions.jsonl", map(record, (1, 2)))
    pages = history._writing._file.execute("PRAGMA page_count").fetchone()[0]
    history._writing._file.execute(f"PRAGMA max_page_count = {pages}")
    write(tmp_path / "decisions.jsonl", [record(3, "x" * 100_000)])
    with pytest.raises(OSError, match="full"):
        feeder.step()
    feeder.again()
    history._writing._file.execute("PRAGMA max_page_count = 1000000")
    assert feeder.step() and not feeder.step()
    assert len(history.find(Wish())) == 3
    feeder.close()
    history.close()


def test_two_consoles_do_not_write_one_history(tmp_path: Path) -> None:
    first = Segments(tmp_path / "history")
    with pytest.raises(OSError, match="another console writes here"):
        Segments(tmp_path / "history")
    first.close()
    Segments(tmp_path / "history").close()


def test_without_a_file_of_decisions_the_pages_say_so(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    config.write_text(config.read_text().replace('decisions = "decisions.jsonl"', ""))
    world = world_beside(config)
    assert "names no file of" in browser(world).get("/history").text
    world.watch.close()


def test_retention_touches_the_history_alone(tmp_path: Path) -> None:
    world = recorded(tmp_path, map(record, range(1, 50)))
    with_account(world, Role.ADMIN)
    world.keeping.audit.add("admin", "", "log-in")
    world.watch.journal.note("edge", "started")
    world.desk.drafts.begin("admin", FileSet({"edge.toml": ""}), {})
    folder = tmp_path / "edge.console"

    def others() -> dict[Path, bytes]:
        files = [each for each in folder.rglob("*") if each.is_file() and each.parent.name != "history"]
        return {each: each.read_bytes() for each in files}

    before = others()
    assert {each.name for each in before} >= {"console.db", "audit.jsonl", "journal.db", "000001.json"}
    history = world.watch.history
    history.forget(0, 0)
    assert history.forget(0, 0) == 0 and not history.find(Wish()) and others() == before
    assert world.keeping.accounts.some()
    world.watch.close()
