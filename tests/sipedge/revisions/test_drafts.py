from __future__ import annotations

from pathlib import Path

import pytest

from sipedge.control.refusal import Refused
from sipedge.revisions.drafts import LONGEST, MOST, Drafts
from sipedge.revisions.files import FileSet

BASE = FileSet({"edge.toml": "a\n", "edge.dialplan": "b\n"})


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    return Drafts(str(tmp_path))


def test_a_draft_is_kept_with_what_it_was_made_from(drafts: Drafts, tmp_path: Path) -> None:
    made = drafts.begin("alice", BASE, BASE.texts, "a title")
    assert (made.number, made.changed) == (1, [])
    changed = drafts.change(1, 1, {"edge.dialplan": "c\n"})
    assert changed.changed == ["edge.dialplan"] and changed.texts["edge.toml"] == "a\n"
    assert Drafts(str(tmp_path)).get(1) == changed and changed.base_set == BASE
    drafts.begin("bob", BASE, BASE.texts)
    assert [each.number for each in drafts.all()] == [2, 1]
    drafts.drop(2)
    assert drafts.begin("bob", BASE, BASE.texts).number == 3, "no number is given twice"
    drafts.drop(1)
    with pytest.raises(Refused, match="there is no draft 1"):
        drafts.get(1)


def test_who_has_not_seen_the_last_change_loses_none(drafts: Drafts) -> None:
    drafts.begin("alice", BASE, BASE.texts)
    drafts.change(1, 1, {"edge.dialplan": "c\n"})
    with pytest.raises(Refused, match="changed draft 1 meanwhile") as refused:
        drafts.change(1, 1, {"edge.dialplan": "d\n"})
    assert refused.value.code == 409 and drafts.get(1).texts["edge.dialplan"] == "c\n"


def test_drafts_are_bounded_in_number_and_size(drafts: Drafts) -> None:
    for _ in range(MOST):
        drafts.begin("alice", BASE, {})
    with pytest.raises(Refused, match="drop one"):
        drafts.begin("alice", BASE, {})
    with pytest.raises(Refused, match="bytes at most"):
        drafts.change(1, 1, {"edge.toml": "x" * (LONGEST + 1)})


def test_what_is_no_draft_any_more_is_said(drafts: Drafts, tmp_path: Path) -> None:
    drafts.begin("alice", BASE, {})
    (tmp_path / "drafts" / "000001.json").write_text("{}")
    with pytest.raises(Refused, match=r"000001\.json: this is no draft any more"):
        drafts.all()
