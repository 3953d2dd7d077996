"""A child process that is started again, asked whether it works, and ended for good; with the shell as the engine."""

from __future__ import annotations

import asyncio
import os

import pytest

from sipedge.servers import engine
from sipedge.servers.engine import Engine

pytestmark = pytest.mark.e2e
LIMIT = 20.0


class Watched:
    """An engine that runs a shell script, and what it did."""

    def __init__(self, script: str, answers: bool = True) -> None:
        self.lines: list[str] = []
        self._answers = answers
        self.engine = Engine(
            "the shell",
            ["sh", "-c", script],
            None,
            on_line=self.lines.append,
            ask=self._ask,
            on_change=lambda: None,
        )

    async def _ask(self) -> None:
        if not self._answers:
            raise TimeoutError

    async def until_lines(self, count: int) -> None:
        async with asyncio.timeout(LIMIT):
            while len(self.lines) < count:
                await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(engine, "QUESTION_INTERVAL", 0.2)


def test_one_that_ends_is_started_again() -> None:
    async def run() -> None:
        watched = Watched("echo started; exit 3")
        await watched.until_lines(2)
        assert watched.engine.restarts >= 1
        await watched.engine.aclose()

    asyncio.run(run())


def test_a_restart_that_is_asked_for_is_not_counted() -> None:
    async def run() -> None:
        watched = Watched("echo $$; exec sleep 1000")
        await watched.until_lines(1)
        watched.engine.restart()
        await watched.until_lines(2)
        assert watched.engine.restarts == 0 and watched.lines[0] != watched.lines[1]
        await watched.engine.aclose()
        assert not os.path.exists(f"/proc/{watched.lines[1]}")

    asyncio.run(run())


def test_a_reload_leaves_the_process_alone() -> None:
    async def run() -> None:
        watched = Watched("trap 'echo again' HUP; echo started; while :; do sleep 0.05; done")
        await watched.until_lines(1)
        watched.engine.reload()
        await watched.until_lines(2)
        assert watched.lines == ["started", "again"]
        await watched.engine.aclose()

    asyncio.run(run())


def test_one_that_does_not_answer_is_ended_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SILENCE", 0.3)

    async def run() -> None:
        watched = Watched("echo started; exec sleep 1000", answers=False)
        await watched.until_lines(2)
        assert not watched.engine.answers
        await watched.engine.aclose()

    asyncio.run(run())


def test_what_it_has_started_ends_with_one_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SILENCE", 0.3)

    async def run() -> None:
        watched = Watched("sh -c 'kill -STOP $$' & echo $!; exec sleep 1000", answers=False)
        await watched.until_lines(2)
        assert not os.path.exists(f"/proc/{watched.lines[0]}/exe") and watched.lines[0] != watched.lines[1]
        await watched.engine.aclose()

    asyncio.run(run())


def test_a_line_without_end_comes_in_pieces() -> None:
    async def run() -> None:
        watched = Watched("head -c 200000 /dev/zero | tr '\\0' x; exec sleep 1000")
        await watched.until_lines(2)
        assert max(map(len, watched.lines)) <= 2 * engine.LONGEST_LINE
        await watched.engine.aclose()

    asyncio.run(run())


def test_a_program_that_is_not_there_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        lone = Engine("x", ["/no/such"], None, on_line=print, ask=asyncio.Event().wait, on_change=lambda: None)
        async with asyncio.timeout(LIMIT):
            while lone.restarts < 2:
                await asyncio.sleep(0.02)
        await lone.aclose()

    asyncio.run(run())
