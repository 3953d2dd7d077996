"""Where the cursor is."""

from __future__ import annotations

import pytest

from dialplan.model import BlockKind
from sipedge.lsp.text import Place, outline, place_at, split_field, string_at, uses_of_zone, value_around

TEXT = """\
# a comment
search rule "one" {
    priority 20
    on successful match st
    target zone "IM
}
transform "two" {
    pattern "x"

"""


@pytest.mark.parametrize(
    ("line", "column", "place"),
    [
        (0, 3, Place(None)),
        (1, 5, Place(None)),
        (2, 15, Place(BlockKind.SEARCH_RULE, "priority", "20", ("on successful match", "target"))),
        (3, 26, Place(BlockKind.SEARCH_RULE, "on successful match", "st", ("priority", "target"))),
        (4, 19, Place(BlockKind.SEARCH_RULE, "target", 'zone "IM', ("priority", "on successful match"))),
        (5, 1, Place(BlockKind.SEARCH_RULE, "", "}", ("priority", "on successful match", "target"))),
        (8, 0, Place(BlockKind.TRANSFORM, "", "", ("pattern",))),
        (99, 0, Place(BlockKind.TRANSFORM, "", "", ("pattern",))),
    ],
)
def test_place(line: int, column: int, place: Place) -> None:
    assert place_at(TEXT, line, column) == place


def test_the_longest_field_name_counts() -> None:
    assert split_field(BlockKind.SEARCH_RULE, "  pattern   type  regex") == ("pattern type", "regex")
    assert split_field(BlockKind.SEARCH_RULE, '  pattern "a b"') == ("pattern", '"a b"')
    assert split_field(BlockKind.TRANSFORM, "  target") == ("", "target")


def test_quoted_text() -> None:
    line = 'target zone "a ""b"" c" # "d"'
    assert string_at(line, 15) == 'a "b" c'
    assert string_at(line, 3) is None


@pytest.mark.parametrize(
    ("line", "column", "value", "expected"),
    [
        ('  target zone "', 15, 'zone "', (9, 15)),
        ('  target zone ""', 15, 'zone "', (9, 16)),
        ('  target zone "Im" # x', 17, 'zone "Im', (9, 18)),
        ("  source al", 11, "al", (9, 11)),
        ("  source ", 9, "", (9, 9)),
    ],
)
def test_the_value_that_is_being_written(line: str, column: int, value: str, expected: tuple[int, int]) -> None:
    assert value_around(line, column, value) == expected


def test_the_outline_names_every_block_however_unfinished() -> None:
    text = 'transform "a" {\n    priority 1\n}\n\nSearch  Rule "b" {\n    source zone "X"\n'
    assert outline(text) == [('transform "a"', 0, 1), ('Search  Rule "b"', 4, 6)]


def test_uses_of_a_zone() -> None:
    fields = ['source zone "IMP"', 'target  zone "imp"', 'pattern "zone IMP"', 'target zone "IMP2"']
    assert uses_of_zone("\n".join(fields), "IMP") == [(0, 13, 16), (1, 14, 17)]
    assert uses_of_zone('target zone "a ""b"""', 'a "b"') == [(0, 13, 20)]
