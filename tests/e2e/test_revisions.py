"""Changed files put in force on a running edge, and what is left when that ends in the middle."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.asked import ask, status
from support.running_edge import rule
from support.tcp_edge import RULE, Installation

from sipedge.control.refusal import Refused
from sipedge.control.requests import Confirm, Load
from sipedge.revisions.applying import Revisions, Wish
from sipedge.revisions.files import read_set
from sipedge.revisions.store import Result

pytestmark = pytest.mark.e2e

CHANGED = RULE + rule("more", r".*@more\.example", "far", priority=20)
CRASHING = """
import os, signal, sys
from sipedge.revisions.applying import Revisions, Wish
config, what, last, plan = sys.argv[1:]
steps = []
def step(name):
    steps.append(name)
    if len(steps) == int(last):
        os.kill(os.getpid(), signal.SIGKILL)
revisions = Revisions(config, step)
if what == "undo":
    revisions.undo("alice")
else:
    from sipedge.revisions.files import read_set
    old = read_set(config)
    name = {"apply": "edge.dialplan", "cases": "edge.cases"}[what]
    revisions.apply(Wish(old.whole, {**old.texts, name: plan}, "alice", "", 300.0))
"""


class Applied(Installation):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.config_path = str(self.toml)
        self.revisions = Revisions(self.config_path)

    def wish(self, plan: str, confirm_within: float = 300.0, **texts: str) -> Wish:
        held = read_set(self.config_path)
        return Wish(held.whole, {**held.texts, "edge.dialplan": plan, **texts}, "alice", "a comment", confirm_within)

    def in_force(self) -> str:
        return status(self.folder)["revision"]

    def plan(self) -> str:
        return (self.folder / "edge.dialplan").read_text()

    def crash(self, what: str, last: int, plan: str = CHANGED) -> bool:
        """``what`` is ended behind its step ``last``; whether it came so far."""
        words = [sys.executable, "-c", CRASHING, self.config_path, what, str(last), plan]
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()})
        assert done.returncode in (0, -9), done.stderr
        return done.returncode == -9


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Applied]:
    made = Applied(tmp_path)
    with made.edge:
        yield made


def test_a_change_is_applied_confirmed_rolled_back_and_undone(edge: Applied) -> None:
    first = edge.in_force()
    made = edge.revisions.apply(edge.wish(CHANGED))
    assert (made.number, made.parent, made.result, made.who, made.comment) == (
        *(2, 1, Result.ON_TRIAL),
        *("alice", "a comment"),
    )
    assert edge.in_force() == made.digest and edge.plan() == CHANGED
    with pytest.raises(Refused, match="revision 2 is on trial"):
        edge.revisions.apply(edge.wish(RULE))
    assert edge.revisions.confirm("alice").result is Result.CONFIRMED
    assert status(edge.folder)["unconfirmed"] is None
    back = edge.revisions.roll_back(1, "bob")
    assert back.number == 3 and edge.in_force() == first and edge.plan() == RULE
    assert edge.revisions.undo("bob").number == 2
    assert edge.in_force() == made.digest and edge.plan() == CHANGED
    assert [(each.number, each.result) for each in edge.revisions.store.all()] == [
        (3, Result.UNDONE),
        (2, Result.CONFIRMED),
        (1, Result.FROM_DISK),
    ]
    assert "reload: " in edge.edge.reload(), "SIGHUP reads the same files"
    assert edge.in_force() == made.digest


def test_secrets_and_certificates_stay_where_they_are(edge: Applied) -> None:
    edge.revisions.apply(edge.wish(CHANGED))
    secret = (edge.folder / "edge.secret").read_text().strip()
    held = [path for path in edge.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path.name for path in held if secret in path.read_text(errors="replace")] == ["edge.secret"]
    key = Path(edge.leaf.key).read_text()
    assert not [path for path in held if key in path.read_text(errors="replace")]


def test_a_change_by_hand_becomes_a_revision_and_no_draft_goes_over_it(edge: Applied) -> None:
    assert edge.revisions.settle().number == 1
    draft = edge.wish(CHANGED)
    by_hand = RULE + "# by hand\n"
    (edge.folder / "edge.dialplan").write_text(by_hand)
    with pytest.raises(Refused, match="was changed since this draft was begun") as refused:
        edge.revisions.apply(draft)
    assert refused.value.code == 412
    assert edge.plan() == by_hand
    with pytest.raises(Refused, match="load that first") as refused:
        edge.revisions.apply(edge.wish(CHANGED))
    assert refused.value.code == 412
    ask(edge.folder, Load())
    made = edge.revisions.apply(edge.wish(CHANGED))
    assert [each.result for each in edge.revisions.store.all()] == [Result.ON_TRIAL, Result.FROM_DISK, Result.FROM_DISK]
    assert edge.revisions.store.texts(edge.revisions.store.get(made.parent)).texts["edge.dialplan"] == by_hand


def test_mistakes_are_shown_at_their_line_and_change_nothing(edge: Applied) -> None:
    before = edge.in_force()
    with pytest.raises(Refused) as refused:
        edge.revisions.apply(edge.wish(CHANGED.replace('"far"', '"fra"')))
    assert refused.value.code == 422 and "edge.dialplan:8:" in str(refused.value.problems[0])
    assert edge.in_force() == before and edge.plan() == RULE
    assert len(edge.revisions.store.all()) == 1, "it was no revision"


def test_what_the_edge_does_not_take_is_swapped_back(edge: Applied) -> None:
    before = edge.in_force()
    text = edge.toml.read_text().replace("port = 5060", "port = 1", 1).replace(edge.address, "192.0.2.1", 1)
    with pytest.raises(Refused) as refused:
        edge.revisions.apply(edge.wish(CHANGED, **{"edge.toml": text}))
    assert refused.value.code == 503 and "192.0.2.1" in refused.value.sentence
    assert edge.in_force() == before and edge.plan() == RULE and edge.toml.read_text() != text
    newest = edge.revisions.store.all()[0]
    assert newest.result is Result.REFUSED and "192.0.2.1" in newest.note


def test_a_port_that_is_taken_is_told_and_nothing_changes(edge: Applied) -> None:
    before = edge.in_force()
    with socket.create_server((edge.address, 0)) as taken:
        text = edge.toml.read_text().replace("port = 5060", f"port = {taken.getsockname()[1]}", 1)
        with pytest.raises(Refused) as refused:
            edge.revisions.apply(edge.wish(CHANGED, **{"edge.toml": text}))
    assert refused.value.code == 503 and "in use" in refused.value.sentence
    assert edge.in_force() == before and edge.plan() == RULE


def test_a_certificate_that_is_gone_is_shown_at_its_line_and_nothing_changes(edge: Applied) -> None:
    before, text = edge.in_force(), edge.toml.read_text()
    edge.leaf.certificate.unlink()
    with pytest.raises(Refused) as refused:
        edge.revisions.apply(edge.wish(CHANGED))
    line = next(number for number, each in enumerate(text.splitlines(), 1) if edge.leaf.certificate.name in each)
    assert refused.value.code == 422 and f"edge.toml:{line}:" in str(refused.value.problems[0])
    assert "cannot be read" in str(refused.value.problems[0])
    assert edge.in_force() == before and edge.plan() == RULE


def test_without_a_confirmation_edge_and_disk_go_back(edge: Applied) -> None:
    before = edge.in_force()
    edge.revisions.apply(edge.wish(CHANGED, 0.4))
    edge.edge.wait_for("nobody confirmed revision")
    assert edge.in_force() == before
    assert edge.revisions.settle().number == 1
    assert edge.plan() == RULE
    assert edge.revisions.store.all()[0].result is Result.UNDONE


def test_a_confirmation_by_the_command_line_counts(edge: Applied) -> None:
    made = edge.revisions.apply(edge.wish(CHANGED))
    ask(edge.folder, Confirm())
    settled = edge.revisions.settle()
    assert (settled.number, settled.result) == (made.number, Result.CONFIRMED)


@pytest.mark.timeout(240)
def test_a_crash_at_any_step_leaves_the_old_set_or_the_new_one(edge: Applied) -> None:
    """Each round applies, ends it behind another step, and looks at what an edge would read then."""
    sets, last = {RULE, CHANGED}, 0
    while True:
        last += 1
        old = read_set(edge.config_path)
        wanted = (sets - {old.texts["edge.dialplan"]}).pop()
        crashed = edge.crash("apply", last, wanted)
        held = read_set(edge.config_path)
        assert held.texts["edge.dialplan"] in sets, last
        stands = edge.revisions.settle()
        assert edge.in_force() == stands.digest == read_set(edge.config_path).digest, last
        if stands.result is Result.ON_TRIAL:
            edge.revisions.confirm("bob")
        if not crashed:
            break
    assert last > 7
    assert edge.plan() == wanted


@pytest.mark.timeout(240)
def test_a_crash_while_a_change_is_undone_loses_nothing(edge: Applied) -> None:
    last = 0
    while True:
        last += 1
        edge.revisions.apply(edge.wish(CHANGED, 60.0))
        crashed = edge.crash("undo", last)
        assert edge.plan() in (RULE, CHANGED)
        stands = edge.revisions.settle()
        assert edge.plan() == RULE and stands.number == 1, last
        if not crashed:
            break
        ask(edge.folder, Load(revision=stands.digest))  # sooner than the edge goes back by itself
    assert last > 5
    assert edge.in_force() == stands.digest
