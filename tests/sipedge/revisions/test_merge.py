from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipedge.revisions.merge import Clash, merged, merged_sets

BASE = "".join(f"line {number}\n" for number in range(10))


def test_changes_to_different_lines_are_both_kept() -> None:
    ours, theirs = BASE.replace("line 2", "ours"), BASE.replace("line 7", "theirs") + "more\n"
    assert merged(BASE, ours, theirs) == ours.replace("line 7", "theirs") + "more\n"


@pytest.mark.parametrize(("one", "other"), [("line 2", "line 2"), ("line 2", "line 3")])
def test_changes_that_touch_are_no_guess(one: str, other: str) -> None:
    with pytest.raises(Clash, match="both changed this line, or one beside it"):
        merged(BASE, BASE.replace(one, "ours"), BASE.replace(other, "theirs"))


def test_the_same_change_made_twice_counts_once() -> None:
    both = BASE.replace("line 2\n", "")
    assert merged(BASE, both, both.replace("line 9", "x")) == both.replace("line 9", "x")


@given(st.lists(st.sampled_from("abc\n")).map("".join), st.lists(st.sampled_from("abc\n")).map("".join))
def test_a_text_that_one_of_them_left_alone_is_that_of_the_other(base: str, other: str) -> None:
    assert merged(base, base, other) == other == merged(base, other, base)


def test_files_are_added_and_dropped_by_either() -> None:
    base = {"a": "1\n", "b": "2\n", "c": "3\n"}
    ours, theirs = {"a": "1\n", "b": "2\n", "new": "4\n"}, {"a": "x\n", "c": "3\n"}
    assert merged_sets(base, ours, theirs) == {"a": "x\n", "new": "4\n"}
    with pytest.raises(Clash, match="b was changed here and added or dropped there"):
        merged_sets(base, {**base, "b": "y\n"}, theirs)
    with pytest.raises(Clash, match="^a:1: both"):
        merged_sets(base, {**base, "a": "y\n"}, {**base, "a": "x\n"})
