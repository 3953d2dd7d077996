from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from support.configuration import write
from support.decisions import PLAN, record

from sipedge.review.shadow import Shadow
from sipedge.revisions.drafts import Draft

CONFIG = """[edge]
system_name = "edge.example.com"
domains = ["example.com"]
dialplans = ["edge.dialplan"]
[[zone]]
name = "IM&P"
type = "neighbor"
peers = ["127.0.0.2"]
transport = "TCP"
[[zone]]
name = "Internet"
type = "dns"
transport = "TCP"
"""
OTHER = PLAN.replace("@(far|new)", "@far")


def _wait(held: Callable[[], bool]) -> None:
    end = monotonic() + 20
    while not held():
        assert monotonic() < end
        sleep(0.02)


class Shadowed:
    def __init__(self, folder: Path) -> None:
        self.config = write(folder, CONFIG)
        self.spool = folder / "decisions.jsonl"
        self.sequence = 0
        self.decide("before@new.example")
        base = {"edge.toml": CONFIG, "edge.dialplan": PLAN}
        self.draft = Draft(7, 1, "alice", "", 0.0, base, {**base, "edge.dialplan": OTHER})
        self.shadow = Shadow(str(self.config), str(self.spool), self.draft)

    def decide(self, *aliases: str) -> None:
        with self.spool.open("a") as file:
            for alias in aliases:
                self.sequence += 1
                file.write(json.dumps(record(self.sequence, alias)) + "\n")

    @property
    def judged(self) -> int:
        return self.shadow.state["recorded"]["requests"]


@pytest.fixture
def shadowed(tmp_path: Path) -> Iterator[Shadowed]:
    made = Shadowed(tmp_path)
    yield made
    made.shadow.end()


def test_a_draft_judges_what_the_edge_decides_from_now_on(shadowed: Shadowed) -> None:
    shadowed.decide("a@new.example", "b@new.example", "a@new.example", "c@far.example")
    _wait(lambda: shadowed.judged == 4)
    shadowed.decide("d@example.com")
    _wait(lambda: shadowed.judged == 5)
    recorded = shadowed.shadow.state["recorded"]
    (group,) = recorded["groups"]
    assert recorded["changed"] == 3
    assert (group["old"], group["new"], group["requests"], group["aliases"]) == ("rest", "no rule", 3, 2)
    assert shadowed.shadow.state["others"] == 5, "the records name another revision"
    assert shadowed.shadow.problem == ""


def test_what_was_lost_is_counted(shadowed: Shadowed) -> None:
    shadowed.decide("a@far.example")
    shadowed.sequence += 5
    shadowed.decide("a@far.example")
    _wait(lambda: shadowed.judged == 2)
    assert shadowed.shadow.state["lost"] == 5


def test_a_shadow_that_ends_says_why(tmp_path: Path) -> None:
    config = write(tmp_path, CONFIG)
    broken = Draft(7, 1, "alice", "", 0.0, {"edge.toml": "[edge"}, {"edge.toml": "[edge"})
    shadow = Shadow(str(config), str(tmp_path / "none"), broken)
    _wait(lambda: bool(shadow.problem))
    assert "the process that judges has ended: " in shadow.problem
    shadow.end()
