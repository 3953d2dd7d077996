from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.traces.ladder.side_by_side import CHANGED, LEFT, MAX_LINES, RIGHT, SAME, rows


def test_lines_stand_beside_their_counterpart() -> None:
    left, right = b"INVITE a\r\nVia: x\r\nTo: b\r\nOld: 1\r\n", b"INVITE c\r\nTo: b\r\nNew: 1\r\nMore: 2\r\n"
    assert list(rows(left, right)) == [
        ("INVITE a", CHANGED, "INVITE c"),
        ("Via: x", LEFT, ""),
        ("To: b", SAME, "To: b"),
        ("Old: 1", CHANGED, "New: 1"),
        ("", RIGHT, "More: 2"),
    ]


@examples(100)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_every_line_of_both_is_there(left: bytes, right: bytes) -> None:
    found = list(rows(left, right))
    assert [one for one, mark, _ in found if mark != RIGHT] == left.decode("utf-8", "replace").splitlines()
    assert [one for _, mark, one in found if mark != LEFT] == right.decode("utf-8", "replace").splitlines()
    assert all(one == other for one, mark, other in found if mark == SAME)


def test_lines_behind_the_most_that_are_matched_count_too() -> None:
    same = b"".join(b"%d\r\n" % number for number in range(MAX_LINES))
    marks = [mark for _, mark, _ in rows(same + b"b\r\nc\r\n", same + b"b\r\nd\r\ne\r\n")]
    assert marks[MAX_LINES:] == [SAME, CHANGED, RIGHT]
