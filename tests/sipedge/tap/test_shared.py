"""One file of several workers: whole lines, one row of numbers, and a jump where something was lost."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from support.native import require_native
from support.tapped import decided, lines_of

from sipedge.history.spool import Spool
from sipedge.history.wish import Position
from sipedge.native import library
from sipedge.remembered.native import ways
from sipedge.tap.items import Lines
from sipedge.tap.json_lines import DecisionsFile
from sipedge.tap.rotating_file import RotatingFile
from sipedge.tap.shared import Shared


@pytest.fixture
def memory() -> Iterator[int]:
    file = os.memfd_create("test")
    yield file
    os.close(file)


class Writer:
    """A worker's decisions file."""

    def __init__(self, memory: int, worker: int, path: Path, size: int = 1 << 20) -> None:
        self.shared = Shared(memory, worker)
        file = RotatingFile(str(path), size, 1000, self.shared.turns("decisions"))
        self.output = DecisionsFile(file, self.shared)
        self.output.open()

    def write(self, count: int = 1) -> None:
        parts = []
        for numbers in (range(1), range(1, count)):
            page = Lines(bytearray())
            for _ in numbers:
                self.conclude()
                page.space += lines_of(decided(sequence=self.shared.concluded))
            page.used, page.last = len(page.space), self.shared.concluded
            parts.append(self.output.render(page))
        self.output.write(parts)

    def conclude(self) -> None:
        self.shared.concluded += 1


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["sequence"] for line in path.read_text().splitlines()]


def test_all_workers_number_their_decisions_in_one_row(tmp_path: Path, memory: int) -> None:
    one, two = (Writer(memory, worker, tmp_path / "log") for worker in range(2))
    one.write(2)
    two.write(3)
    one.write(1)
    assert numbers(tmp_path / "log") == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("last", [8, 998, 10**15])
def test_numbers_of_any_length_take_the_place_of_others(
    last: int, native: bool, tmp_path: Path, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not native:
        monkeypatch.setenv(library.SWITCH, "0")
    (tmp_path / "log").write_bytes(lines_of(decided(sequence=last)))
    Writer(memory, 0, tmp_path / "log").write(5)
    wanted = [lines_of(decided(sequence=number)) for number in range(last, last + 6)]
    assert (tmp_path / "log").read_bytes() == b"".join(wanted)


def test_what_are_no_lines_are_not_numbered() -> None:
    require_native()
    native, line = ways.load(), lines_of(decided(sequence=7))
    for odd in (line[:-1], b"x" + line, line + b"\n", b"{}\n"):
        assert native.renumber(odd, 5, bytearray(1 << 16)) is None
    assert native.renumber(line, 5, bytearray(len(line))) is None
    with pytest.raises(TypeError):
        native.renumber("", 5, bytearray(9))  # type: ignore[arg-type]


def test_numbers_go_on_where_an_edge_before_this_one_ended(tmp_path: Path, memory: int) -> None:
    (tmp_path / "log").write_bytes(lines_of(decided(sequence=41)))
    one, two = (Writer(memory, worker, tmp_path / "log") for worker in range(2))
    two.write()
    one.write()
    assert numbers(tmp_path / "log") == [41, 42, 43]


def test_what_a_killed_worker_had_not_written_is_a_jump_when_its_successor_writes(tmp_path: Path, memory: int) -> None:
    one, two = (Writer(memory, worker, tmp_path / "log") for worker in range(2))
    one.write()
    two.write()
    for _ in range(3):
        two.conclude()
    one.write()
    Writer(memory, 1, tmp_path / "log").write()
    assert numbers(tmp_path / "log") == [1, 2, 3, 7]


def test_a_line_that_a_killed_worker_has_torn_is_ended_by_the_next(tmp_path: Path, memory: int) -> None:
    one, two = (Writer(memory, worker, tmp_path / "log") for worker in range(2))
    one.write()
    two.write()
    with (tmp_path / "log").open("ab") as file:
        file.write(b'{"format":1,"seq')
    one.write()
    first, second, _, third = (tmp_path / "log").read_text().splitlines()
    assert [json.loads(line)["sequence"] for line in (first, second, third)] == [1, 2, 3]


@pytest.mark.parametrize("size", [1 << 20, 3000])
def test_workers_at_the_same_time_tear_and_lose_nothing_and_a_reader_finds_all(
    tmp_path: Path, memory: int, size: int
) -> None:
    path = tmp_path / "log"
    writers = [Writer(memory, worker, path, size) for worker in range(3)]
    threads = [Thread(target=lambda writer=writer: [writer.write(2) for _ in range(25)]) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool = Spool(str(path), Position())
    read, gaps, unread = list[int](), 0, 0
    while (batch := spool.read()) is not None:
        read += [fields["sequence"] for fields in batch.records]
        gaps, unread = gaps + len(batch.gaps), unread + batch.unread
    spool.close()
    assert (read, gaps, unread) == (list(range(1, 151)), 0, 0)
    assert bool(path.with_name("log.1").exists()) is (size == 3000)


def test_a_turn_keeps_others_out_and_ends_with_its_process(tmp_path: Path, memory: int) -> None:
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ready)
        with Shared(memory, 1).turns("decisions"):
            os.write(told, b"!")
            os.close(told)
            os.kill(os.getpid(), signal.SIGSTOP)
    os.close(told)
    os.read(ready, 1)
    os.close(ready)
    os.waitpid(child, os.WUNTRACED)
    one = Writer(memory, 0, tmp_path / "log")
    waiting = Thread(target=one.write)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive() and not (tmp_path / "log").read_bytes()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    waiting.join(10)
    assert re.findall(r'"sequence":(\d+)', (tmp_path / "log").read_text()) == ["1"]
