from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from threading import Condition, Event

import pytest
from support.tapped import passed

from sipedge.tap import worker as module
from sipedge.tap.items import Item, ItemKind
from sipedge.tap.worker import Worker

PATIENCE = 10.0


class Recorder:
    """An output that keeps what it gets; ``problem`` is raised by ``open``, ``trouble`` by ``write``."""

    name = "recorder"
    takes = frozenset(ItemKind)

    def __init__(self, problem: OSError | None = None, trouble: OSError | None = None) -> None:
        self.problem, self.trouble = problem, trouble
        self.parts: list[bytes] = []
        self.opened = self.closed = 0
        self.held = Event()
        self.held.set()
        self.changed = Condition()

    def open(self) -> None:
        self._note(lambda: setattr(self, "opened", self.opened + 1))
        if self.problem is not None:
            raise self.problem

    def render(self, item: Item) -> bytes | None:
        assert item.size, "an item that cannot be rendered"
        return item.body or None if hasattr(item, "body") else None

    def write(self, parts: list[bytes]) -> int:
        assert self.held.wait(PATIENCE)
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        self._note(lambda: self.parts.extend(parts))
        return parts.count(b"long")

    def close(self) -> None:
        self._note(lambda: setattr(self, "closed", self.closed + 1))

    def until(self, condition: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE)

    def _note(self, change: Callable[[], object]) -> None:
        with self.changed:
            change()
            self.changed.notify_all()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)


@pytest.fixture
def workers() -> Iterator[Callable[[Recorder], Worker]]:
    made: list[Worker] = []

    def make(output: Recorder) -> Worker:
        made.append(Worker(output))
        return made[-1]

    yield make
    for worker in made:
        worker.end()
        worker.join()
        assert not worker.alive


def _bodies(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def test_everything_comes_in_order(workers: Callable[[Recorder], Worker]) -> None:
    output = Recorder()
    worker = workers(output)
    for body in _bodies(3000):
        worker.put(passed(body=body))
    output.until(lambda: len(output.parts) == 3000)
    assert output.parts == _bodies(3000)
    assert worker.dropped == 0


def test_what_is_queued_is_written_before_the_end(workers: Callable[[Recorder], Worker]) -> None:
    output = Recorder()
    worker = workers(output)
    for body in _bodies(100):
        worker.put(passed(body=body))
    worker.end()
    worker.join()
    assert output.parts == _bodies(100)
    assert output.closed == 1


def test_a_slow_output_costs_what_finds_the_queue_full(
    workers: Callable[[Recorder], Worker], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_ITEMS", 10)
    output = Recorder()
    output.held.clear()
    worker = workers(output)
    with caplog.at_level(logging.WARNING):
        for body in _bodies(100):
            worker.put(passed(body=body))
        assert worker.dropped >= 80
        output.held.set()
        worker.end()
        worker.join()
    assert len(output.parts) + worker.dropped == 100
    assert f"recorder: {worker.dropped} records are lost so far" in caplog.text


def test_the_bytes_that_wait_are_bounded(
    workers: Callable[[Recorder], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    output = Recorder(problem=OSError("not now"))
    worker = workers(output)
    for _ in range(10):
        worker.put(passed(body=b"x" * 500))
    assert worker.dropped == 8


def test_a_failing_output_is_opened_again_and_nothing_that_waits_is_lost(
    workers: Callable[[Recorder], Worker], caplog: pytest.LogCaptureFixture
) -> None:
    output = Recorder(problem=OSError("nobody there"))
    worker = workers(output)
    worker.put(passed(body=b"1"))
    output.until(lambda: output.opened > 2)
    output.problem = None
    output.until(lambda: output.parts)
    assert (output.parts, worker.dropped) == ([b"1"], 0)
    assert "recorder: nobody there; tried again in" in caplog.text


def test_what_was_being_written_when_it_failed_is_counted(workers: Callable[[Recorder], Worker]) -> None:
    output = Recorder(trouble=OSError("disk full"))
    worker = workers(output)
    worker.put(passed(body=b"1"))
    output.until(lambda: output.closed == 1)
    worker.put(passed(body=b"2"))
    output.until(lambda: output.parts)
    assert (output.parts, worker.dropped) == ([b"2"], 1)


def test_at_the_end_a_failing_output_is_not_waited_for(workers: Callable[[Recorder], Worker]) -> None:
    output = Recorder(problem=OSError("nobody there"))
    worker = workers(output)
    for body in _bodies(5):
        worker.put(passed(body=body))
    worker.end()
    worker.join()
    assert not worker.alive
    assert worker.dropped == 5


def test_another_output_takes_over_also_from_one_that_fails(workers: Callable[[Recorder], Worker]) -> None:
    before, after = Recorder(problem=OSError("gone")), Recorder()
    worker = workers(before)
    worker.put(passed(body=b"1"))
    before.until(lambda: before.opened)
    worker.replace(after)
    after.until(lambda: after.parts)
    worker.replace(last := Recorder())
    after.until(lambda: after.closed)
    worker.put(passed(body=b"2"))
    last.until(lambda: last.parts)
    assert (after.parts, last.parts) == ([b"1"], [b"2"])


def test_one_bad_item_costs_itself(workers: Callable[[Recorder], Worker], caplog: pytest.LogCaptureFixture) -> None:
    output = Recorder()
    worker = workers(output)
    worker.put(passed(b"", b""))
    worker.put(passed(body=b"long"))
    worker.put(passed(body=b"2"))
    output.until(lambda: b"2" in output.parts)
    worker.end()
    worker.join()
    assert worker.dropped == 2
    assert "a record could not be written" in caplog.text
