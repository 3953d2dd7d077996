from __future__ import annotations

from pathlib import Path

import pytest

from sipedge.control.refusal import Refused
from sipedge.revisions import drafts as module
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


def test_what_is_no_draft_any_more_is_said_and_hides_no_other_one(drafts: Drafts, tmp_path: Path) -> None:
    for _ in range(3):
        drafts.begin("alice", BASE, {})
    for number, text in ((1, "{}"), (2, '{"number": 2')):
        (tmp_path / "drafts" / f"00000{number}.json").write_text(text)
        with pytest.raises(Refused, match=rf"00000{number}\.json: this is no draft any more"):
            drafts.get(number)
    assert [each.number for each in drafts.all()] == [3]
    assert [each.partition(": ")[2] for each in drafts.damaged()] == ["this is no draft any more"] * 2
    drafts.drop(1)
    assert len(drafts.damaged()) == 1, "it can be dropped"


def test_all_drafts_together_are_bounded_because_pages_list_them(
    drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALL_TOGETHER", 20_000)
    drafts.begin("alice", BASE, {"edge.toml": "x" * 8_000})
    drafts.begin("alice", BASE, {"edge.toml": "x" * 8_000})
    with pytest.raises(Refused, match="20000 bytes at most: drop one"):
        drafts.begin("alice", BASE, {"edge.toml": "x" * 8_000})
    drafts.change(2, 1, {"edge.toml": "y" * 9_000})
    with pytest.raises(Refused, match="drop one"):
        drafts.change(2, 2, {"edge.toml": "y" * 19_000})
    assert drafts.get(2).version == 2


def test_a_draft_that_another_process_has_changed_is_read_anew(drafts: Drafts, tmp_path: Path) -> None:
    drafts.begin("alice", BASE, {})
    Drafts(str(tmp_path)).change(1, 1, {"edge.toml": "c"})
    assert drafts.get(1).version == 2
