from __future__ import annotations

import os
from pathlib import Path

import pytest

from sipedge.config.reading.texts import OnDisk
from sipedge.control.refusal import Refused
from sipedge.revisions.files import FileSet
from sipedge.revisions.live import Live
from sipedge.revisions.store import Result, Revision, Store

ONE = FileSet({"edge.toml": "one", "plans/a.dialplan": "a1", "b.dialplan": "b1"})
TWO = FileSet({"edge.toml": "two", "plans/a.dialplan": "a2", "c.dialplan": "c2"})


class Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(str(folder / "edge.toml"))
        self.live = Live(self.store)
        (folder / "plans").mkdir()
        for name, text in ONE.texts.items():
            (folder / name).write_text(text)
        self.steps: list[str] = []
        with self.store.locked():
            self.one, self.two = (self.store.add(each, 0, "", "", Result.FROM_DISK) for each in (ONE, TWO))

    def swap(self, before: tuple[Revision, FileSet], after: tuple[Revision, FileSet]) -> None:
        self.live.swap(before, after, self.steps.append)

    def holds(self) -> dict[str, str]:
        names = [*ONE.texts, "c.dialplan"]
        return {name: (self.folder / name).read_text() for name in names if (self.folder / name).exists()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_all_files_change_places_and_back(folder: Folder) -> None:
    folder.swap((folder.one, ONE), (folder.two, TWO))
    assert folder.holds() == TWO.texts
    assert not os.path.lexists(folder.folder / "b.dialplan")
    folder.swap((folder.two, TWO), (folder.one, ONE))
    assert folder.holds() == ONE.texts
    assert not os.path.lexists(folder.folder / "c.dialplan")


def test_at_each_step_the_disk_holds_one_set_or_the_other(folder: Folder) -> None:
    seen = []

    def look(step: str) -> None:
        reader = OnDisk()
        toml = reader.read(str(folder.folder / "edge.toml")).decode()
        names = (ONE if toml == "one" else TWO).texts
        seen.append({name: reader.read(str(folder.folder / name)).decode() for name in names})

    folder.live.swap((folder.one, ONE), (folder.two, TWO), look)
    assert [each == ONE.texts for each in seen] == [True, True, True, True, True, False, False]
    assert seen[-2] == seen[-1] == TWO.texts


def test_a_reading_that_has_begun_ends_with_the_set_it_began_with(folder: Folder) -> None:
    folder.swap((folder.one, ONE), (folder.two, TWO))
    reader = OnDisk()
    assert reader.read(str(folder.folder / "edge.toml")) == b"two"
    folder.swap((folder.two, TWO), (folder.one, ONE))
    assert reader.read(str(folder.folder / "plans/a.dialplan")) == b"a2"
    assert OnDisk().read(str(folder.folder / "plans/a.dialplan")) == b"a1"


def test_a_file_that_an_editor_put_in_the_place_of_its_link_is_no_stranger(folder: Folder) -> None:
    folder.swap((folder.one, ONE), (folder.two, TWO))
    (folder.folder / "plans/a.dialplan").unlink()
    (folder.folder / "plans/a.dialplan").write_text("by hand")
    by_hand = FileSet({**TWO.texts, "plans/a.dialplan": "by hand"})
    with folder.store.locked():
        third = folder.store.add(by_hand, 2, "", "", Result.FROM_DISK)
    folder.swap((third, by_hand), (folder.one, ONE))
    assert folder.holds() == ONE.texts
    folder.swap((folder.one, ONE), (third, by_hand))
    assert folder.holds() == by_hand.texts


def test_a_change_through_the_link_leaves_the_texts_of_the_revision_alone(folder: Folder) -> None:
    folder.swap((folder.one, ONE), (folder.two, TWO))
    (folder.folder / "edge.toml").write_text("by hand")
    by_hand = FileSet({**TWO.texts, "edge.toml": "by hand"})
    with folder.store.locked():
        third = folder.store.add(by_hand, 2, "", "", Result.FROM_DISK)
    folder.swap((third, by_hand), (folder.two, TWO))
    assert folder.holds() == TWO.texts


def test_a_file_that_belongs_to_nobody_is_not_written_over(folder: Folder) -> None:
    (folder.folder / "c.dialplan").write_text("somebody's work")
    with pytest.raises(Refused, match="c.dialplan is there already"):
        folder.swap((folder.one, ONE), (folder.two, TWO))
    assert folder.holds() == {**ONE.texts, "c.dialplan": "somebody's work"}


def test_folders_of_old_revisions_go(folder: Folder) -> None:
    before = (folder.one, ONE)
    for number in range(6):
        files = FileSet({**ONE.texts, "edge.toml": str(number)})
        with folder.store.locked():
            after = (folder.store.add(files, 1, "", "", Result.FROM_DISK), files)
        folder.swap(before, after)
        before = after
    places = [path for path in Path(folder.store.folder).iterdir() if path.is_dir() and path.name != "blobs"]
    assert len(places) == 3
    assert folder.holds()["edge.toml"] == "5"
