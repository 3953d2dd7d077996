from __future__ import annotations

from dialplan.model import Location
from dialplan.notes import Notes, inside, pattern_problem, source_line
from dialplan.syntax import PatternError


def test_a_place_inside_a_text_counts_doubled_quotes() -> None:
    line = 'pattern "a""b""(c"'
    assert inside(Location("f", 1, 9), line, 0).column == 10
    assert line[inside(Location("f", 1, 9), line, 4).column - 1] == "("


def test_source_line() -> None:
    sources = {"f": "one\r\ntwo"}
    assert source_line(sources, Location("f", 1, 1)) == "one"
    assert source_line(sources, Location("f", 2, 1)) == "two"
    assert source_line(sources, Location("f", 3, 1)) == source_line({}, Location("f", 1, 1)) == ""


def test_notes() -> None:
    notes = Notes("f", 'a\r\npattern "(("')
    notes.add(1, 1, "first", "")
    notes.in_text(Location("f", 2, 9), PatternError(1, "second", "hint"))
    assert [(str(one.location), one.source_line) for one in notes.problems] == [
        ("f:1:1", "a"),
        ("f:2:11", 'pattern "(("'),
    ]
    assert pattern_problem({"f": 'x\npattern "(("'}, Location("f", 2, 9), PatternError(1, "m")).location.column == 11
