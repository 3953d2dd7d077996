"""Answers as lines: items, one end, and mistakes in files with their places."""

from __future__ import annotations

import pytest

from dialplan.model import Location
from dialplan.problem import Problem
from sipedge.control.answers import Done, Item, read_line, write_done, write_item, write_refusal
from sipedge.control.refusal import UNPROCESSABLE, Refused


def test_items_and_ends_are_read_as_they_were_written() -> None:
    value = {"text": 'a"\n\udc80\u2028', "numbers": [1, 2.5, None]}
    for line, read in ((write_item(value), Item(value)), (write_done(value), Done(value))):
        assert line.count(b"\n") == 1 and line.isascii()
        assert read_line(line) == read


def test_mistakes_keep_their_places() -> None:
    problem = Problem(Location("edge.dialplan", 3, 7), "no such zone", 'did you mean "x"?', '    target zone "y"')
    again = read_line(write_refusal(Refused(UNPROCESSABLE, "it has mistakes", [problem])))
    assert isinstance(again, Refused)
    assert (again.code, again.sentence, again.problems) == (UNPROCESSABLE, "it has mistakes", (problem,))
    assert str(again.problems[0]) == str(problem)


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"what": 1}', b'{"item": 1, "ok": 2}', b'"ok"'])
def test_what_no_edge_writes_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        read_line(line)
