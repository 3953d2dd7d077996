"""Case files in the revisions of a running edge, which never reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.asked import status

from sipedge.control.refusal import Refused
from sipedge.revisions.applying import Wish
from sipedge.revisions.files import read_set
from sipedge.revisions.store import Result

from .test_revisions import CHANGED, Applied

pytestmark = pytest.mark.e2e
ONE = 'plan "edge.toml"\n# one\n'
TWO = 'plan "edge.toml"\n# two\n'


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Applied]:
    made = Applied(tmp_path)
    with made.edge:
        yield made


def cases(edge: Applied, name: str = "edge.cases") -> str:
    path = edge.folder / name
    return path.read_text() if path.exists() else ""


def wish(edge: Applied, **texts: str) -> Wish:
    held = read_set(edge.config_path)
    return Wish(held.whole, {**held.texts, **texts}, "alice", "")


def results(edge: Applied) -> list[tuple[int, Result]]:
    return [(each.number, each.result) for each in edge.revisions.store.all()]


def test_a_change_of_cases_alone_is_applied_at_once_and_the_edge_is_not_asked_to_load(edge: Applied) -> None:
    before = status(edge.folder)
    made = edge.revisions.apply(wish(edge, **{"edge.cases": ONE}))
    assert (made.result, made.changes, made.digest) == (Result.CONFIRMED, "case files only", before["revision"])
    after = status(edge.folder)
    assert cases(edge) == ONE and (after["revision"], after["since"]) == (before["revision"], before["since"])
    assert edge.revisions.settle() == made
    with pytest.raises(Refused, match="nothing is different"):
        edge.revisions.apply(wish(edge))
    edge.revisions.apply(wish(edge, **{"edge.cases": TWO}))
    assert edge.revisions.roll_back(2, "bob").result is Result.CONFIRMED and cases(edge) == ONE
    edge.revisions.roll_back(1, "bob")
    assert not (edge.folder / "edge.cases").exists(), "revision 1 had none"
    assert edge.revisions.store.texts(edge.revisions.store.get(4)).cases == {"edge.cases": ONE}
    assert edge.edge.reload() and edge.in_force() == before["revision"]


def test_cases_and_rules_are_on_trial_together_and_go_back_together(edge: Applied) -> None:
    (edge.folder / "edge.cases").write_text(ONE)
    edge.revisions.apply(wish(edge, **{"edge.dialplan": CHANGED, "edge.cases": TWO}))
    assert cases(edge) == TWO
    edge.revisions.undo("bob")
    assert cases(edge) == ONE and results(edge) == [(2, Result.UNDONE), (1, Result.FROM_DISK)]


def test_cases_changed_by_hand_are_a_revision_and_no_draft_goes_over_them(edge: Applied) -> None:
    (edge.folder / "edge.cases").write_text(ONE)
    edge.revisions.settle()
    draft = wish(edge, **{"edge.cases": TWO})
    (edge.folder / "edge.cases").write_text(ONE + "# by hand\n")
    with pytest.raises(Refused, match="was changed since this draft was begun") as refused:
        edge.revisions.apply(draft)
    assert refused.value.code == 412 and cases(edge) == ONE + "# by hand\n"
    assert results(edge) == [(2, Result.FROM_DISK), (1, Result.FROM_DISK)]
    edge.revisions.apply(wish(edge, **{"edge.dialplan": CHANGED}))
    edge.revisions.confirm("alice")
    assert cases(edge) == ONE + "# by hand\n", "the edge needed to load nothing before"


def test_cases_changed_by_hand_during_a_trial_are_not_lost_when_it_ends(edge: Applied) -> None:
    (edge.folder / "edge.cases").write_text(ONE)
    edge.revisions.apply(wish(edge, **{"edge.dialplan": CHANGED}))
    (edge.folder / "edge.cases").write_text(TWO)
    assert edge.revisions.settle().result is Result.ON_TRIAL
    edge.revisions.undo("bob")
    assert cases(edge) == ONE
    kept = edge.revisions.store.get(3)
    assert kept.result is Result.UNDONE and edge.revisions.store.texts(kept).cases == {"edge.cases": TWO}
    assert edge.revisions.settle().number == 1
    edge.revisions.apply(wish(edge, **{"edge.dialplan": CHANGED}))
    (edge.folder / "edge.cases").write_text(TWO)
    edge.revisions.confirm("alice")
    stands = edge.revisions.settle()
    assert (stands.number, stands.result) == (5, Result.FROM_DISK) and cases(edge) == TWO


def test_records_from_before_case_files_counted_cost_no_case_file(edge: Applied) -> None:
    (edge.folder / "edge.cases").write_text(ONE)
    edge.revisions.apply(wish(edge, **{"edge.dialplan": CHANGED}))
    edge.revisions.confirm("alice")
    for number in (1, 2):
        _made_old(Path(edge.revisions.store.folder) / f"{number:06}.json")
    (edge.folder / "edge.cases").write_text(TWO)
    stands = edge.revisions.settle()
    assert (stands.number, stands.comment) == (3, "case files count from now on")
    edge.revisions.roll_back(1, "bob")
    assert cases(edge) == TWO and edge.plan() != CHANGED
    edge.revisions.undo("bob")
    assert cases(edge) == TWO and edge.plan() == CHANGED


def _made_old(record: Path) -> None:
    """As it was written when a set was ``edge.toml`` and its dial plans."""
    held = json.loads(record.read_text())
    del held["whole"]
    held["files"] = [each for each in held["files"] if not each[0].endswith(".cases")]
    record.write_text(json.dumps(held))


def test_a_file_that_belongs_to_nobody_is_not_written_over(edge: Applied) -> None:
    other = 'plan "other.toml"\n'
    (edge.folder / "x.cases").write_text(other)
    with pytest.raises(Refused, match="x.cases is there already"):
        edge.revisions.apply(wish(edge, **{"x.cases": ONE}))
    assert cases(edge, "x.cases") == other and results(edge)[0] == (2, Result.REFUSED)


@pytest.mark.timeout(240)
def test_a_crash_at_any_step_leaves_the_old_cases_or_the_new_ones(edge: Applied) -> None:
    (edge.folder / "edge.cases").write_text(ONE)
    last, wanted = 0, ONE
    while True:
        last += 1
        before = read_set(edge.config_path).texts["edge.cases"]
        wanted = ({ONE, TWO} - {before}).pop()
        crashed = edge.crash("cases", last, wanted)
        assert cases(edge) in (ONE, TWO), last
        stands = edge.revisions.settle()
        held = read_set(edge.config_path)
        assert (stands.whole, stands.digest) == (held.whole, edge.in_force()), last
        if not crashed:
            break
    assert last > 5 and cases(edge) == wanted
