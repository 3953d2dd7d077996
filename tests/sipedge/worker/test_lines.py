"""Lines of the log of several workers as one."""

from __future__ import annotations

import asyncio

import pytest

from sipedge.control.requests import Log
from sipedge.edge.logs import log
from sipedge.edge.logs.recent import Line, Recent
from sipedge.worker.followers import Followers
from sipedge.worker.lines import Lines, chosen

LINES = [
    Line(1, 1.0, "INFO", "sipedge", "serves"),
    Line(2, 3.0, "WARNING", "connections", "refused <script>"),
    Line(3, 5.0, "ERROR", "sipedge", "reload: nothing changed"),
]


class Others(Followers):
    """Of another worker, which began with what worker 0 had said."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__(None)
        self.said = lines

    async def lines(self) -> dict[int, list[Line]]:
        return {1: self.said}


class Reader:
    """A client that reads so many items."""

    def __init__(self, most: int) -> None:
        self.most, self.read = most, list[str]()

    @property
    def is_gone(self) -> bool:
        return len(self.read) >= self.most

    async def item(self, value: dict[str, str]) -> None:
        self.read.append(value["text"])


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [
        (Log(), [1, 2, 3]),
        (Log(level="warning"), [2, 3]),
        (Log(level="error"), [3]),
        (Log(text="connections: refused <"), [2]),
        (Log(level="error", text="serves"), []),
    ],
)
def test_lines_are_chosen_by_level_and_text(wish: Log, numbers: list[int]) -> None:
    assert [line.number for line in chosen(LINES, wish)] == numbers


def test_all_workers_tell_in_the_order_of_time_and_what_they_share_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_recent", Recent())
    for line in LINES:
        log._recent.add(*line[1:])
    others = Others([LINES[0], Line(2, 4.0, "INFO", "sipedge", "of worker 1")])

    async def scenario() -> None:
        reader = Reader(99)
        await Lines(others).log(Log(last=3), reader)  # type: ignore[arg-type]
        assert reader.read == ["refused <script>", "of worker 1", "reload: nothing changed"]
        reader = Reader(6)
        following = asyncio.create_task(Lines(others).log(Log(follow=True, last=1), reader))  # type: ignore[arg-type]
        while not reader.read:
            await asyncio.sleep(0)
        others.said = [Line(1, 9.0, "INFO", "sipedge", "it began again")]
        log._recent.add(8.0, "INFO", "sipedge", "later")
        while len(reader.read) < 3:
            await asyncio.sleep(0.01)
        assert reader.read == ["reload: nothing changed", "later", "it began again"]
        following.cancel()

    asyncio.run(scenario())
