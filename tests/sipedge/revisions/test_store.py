from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from support.paths import DATA

from sipedge.control.refusal import Refused
from sipedge.revisions import store as room
from sipedge.revisions.drafts import Drafts
from sipedge.revisions.files import FileSet, read_set
from sipedge.revisions.store import Result, Store

ONE = FileSet({"edge.toml": "[edge]\n", "a.dialplan": "# a\n"})
TWO = FileSet({"edge.toml": "[edge]\n", "a.dialplan": "# b\n"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "edge.toml"))


def test_revisions_are_numbered_and_kept_with_their_texts(store: Store) -> None:
    with store.locked():
        first = store.add(ONE, 0, "", "as found", Result.FROM_DISK)
        second = store.add(TWO, 1, "alice", "NOTIFY to the node", Result.ON_TRIAL)
    assert [each.number for each in store.all()] == [2, 1]
    assert store.get(2) == second and store.texts(second) == TWO and store.texts(first) == ONE
    assert second.who == "alice" and second.parent == 1 and second.digest == TWO.digest
    assert len(list((Path(store.folder) / "blobs").iterdir())) == 3, "what both have is there once"


def test_what_was_undone_or_refused_does_not_stand(store: Store) -> None:
    assert store.standing() is None
    with store.locked():
        store.add(ONE, 0, "", "", Result.FROM_DISK)
        second = store.add(TWO, 1, "", "", Result.ON_TRIAL)
        assert store.standing() == second
        store.mark(second, Result.UNDONE, "by alice")
    standing = store.standing()
    assert standing is not None and standing.number == 1
    assert store.get(2).note == "by alice"


def test_a_number_that_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(Refused, match="there is no revision 7"):
        store.get(7)


def test_a_damaged_text_is_never_given_out(store: Store) -> None:
    with store.locked():
        made = store.add(ONE, 0, "", "", Result.FROM_DISK)
    (Path(store.folder) / "blobs" / made.files[0][1]).write_text("something else")
    with pytest.raises(Refused, match="damaged or gone"):
        store.texts(made)
    (Path(store.folder) / "000001.json").write_text("{}")
    with pytest.raises(Refused, match="no record"):
        store.all()


def test_only_one_may_change_something_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    with store.locked(), pytest.raises(Refused, match="somebody else is applying"), store.locked():
        pass


def test_who_comes_second_waits_for_the_first(store: Store) -> None:
    order = []

    def second() -> None:
        with store.locked():
            order.append("second")

    with store.locked():
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_records_from_before_case_files_counted_are_read_and_leave_those_alone(tmp_path: Path) -> None:
    shutil.copytree(DATA / "revisions_before_cases", tmp_path, dirs_exist_ok=True)
    config = str(tmp_path / "edge.toml")
    store, there = Store(config), read_set(config)
    second, first = store.all()
    assert second.digest == there.digest == there.whole and second.result is Result.CONFIRMED and not second.whole
    cases = {"edge.cases": 'plan "edge.toml"\n'}
    there = FileSet({**there.texts, **cases})
    assert store.texts(first).cases == {} and store.texts_over(first, there).cases == cases
    with store.locked():
        third = store.add(there, 2, "", "", Result.FROM_DISK)
    assert store.get(3) == third and third.whole == there.whole
    assert store.texts_over(third, store.texts(first)).cases == cases
    draft = Drafts(str(tmp_path / "edge.console")).get(1)
    assert draft.changed == ["edge.dialplan"] and not draft.cases_only
    assert draft.base_set.whole == second.digest
