"""What a draft would have done: from the history, in the shadow, and by replay of the messages, all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest
from click.testing import CliRunner
from support.console import browser, world_beside
from support.running_edge import rule
from support.tcp_edge import Installation

from sipedge.cli import main
from sipedge.review.recorded import RecordedJson
from sipedge.review.shadow import Shadow
from sipedge.revisions.files import read_set

pytestmark = pytest.mark.e2e

LOG = '[log]\nmessages = "messages.jsonl"\ndecisions = "decisions.jsonl"\n'
RULES = rule("one", r".*@one\.example", "far", 20) + rule("rest", r".*@(two|three)\.example", "far", 30)
CHANGED = (
    RULES.replace("(two|three)", "two")
    + rule("some", r"u[3-5]@one\.example", "near", 5)
    + rule("new", r".*@new\..*", "far")
)
ALIASES = [f"u{number % 7}@{domain}.example" for number in range(9) for domain in ("one", "two", "three", "new")]
Counts = dict[tuple[str, str], int]


class Recorded(Installation):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.edge.write(self.toml.read_text() + LOG, RULES)
        (self.folder / "new.dialplan").write_text(CHANGED)
        (self.folder / "new.toml").write_text(self.toml.read_text().replace("edge.dialplan", "new.dialplan"))

    def send_all(self) -> None:
        with self.call() as stream:
            for number, alias in enumerate(ALIASES):
                user, domain = alias.split("@")
                stream.send(self.message(number, user, domain))
                stream.read_message()

    def replayed(self) -> Counts:
        files = [str(self.folder / name) for name in ("new.toml", "messages.jsonl", "edge.toml")]
        done = CliRunner().invoke(main, ["replay", files[0], files[1], "--backtest", files[2], "--json"])
        assert done.exit_code == 1, done.output
        return {(each["old"], each["new"]): each["requests"] for each in map(json.loads, done.stdout.splitlines())}


def _counts(recorded: RecordedJson) -> Counts:
    return {(each["old"], each["new"]): each["requests"] for each in recorded["groups"]}


def _wait(held: Callable[[], bool]) -> None:
    end = monotonic() + 20
    while not held():
        assert monotonic() < end
        sleep(0.05)


def test_history_shadow_and_replay_count_the_same_requests(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    with recorded.edge:
        world = world_beside(recorded.toml)
        desk, config = world.desk, str(recorded.toml)
        held = read_set(config)
        texts = {**held.texts, "edge.dialplan": CHANGED}
        shadow = Shadow(config, str(recorded.folder / "decisions.jsonl"), desk.drafts.begin("alice", held, texts))
        try:
            with browser(world):
                recorded.send_all()
                _wait(lambda: world.watch.history.stored().rows == len(ALIASES))
                reviewed = desk.reviewer.ask("review", base=held.texts, texts=texts, history=desk.history, since=0.0)
            _wait(lambda: shadow.state["recorded"]["requests"] == len(ALIASES))
        finally:
            shadow.end()
    wanted = recorded.replayed()
    assert len(wanted) == 3 and sum(wanted.values()) == 21
    assert _counts(reviewed["recorded"]) == _counts(shadow.state["recorded"]) == wanted
    assert shadow.state["others"] == 0 and reviewed["recorded"]["requests"] == len(ALIASES)
