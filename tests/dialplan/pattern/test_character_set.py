from __future__ import annotations

import pytest

from dialplan.pattern.character_set import complement, folded_ranges, merged, parse_character_set
from dialplan.syntax import CharacterSet, PatternError


@pytest.mark.parametrize(
    ("text", "members", "negated"),
    [
        ("[abc]", "abc", False),
        ("[^a-c]", "abc", True),
        ("[]]", "]", False),
        ("[^]a]", "]a", True),
        ("[-a]", "-a", False),
        ("[a-]", "-a", False),
        ("[+--]", "+,-", False),
        (r"[\.]", ".", False),
        (r"[\\a]", "\\a", False),
        ("[.*(|$]", ".*(|$", False),
        ("[a^]", "a^", False),
    ],
)
def test_members(text: str, members: str, negated: bool) -> None:
    found = parse_character_set(text, 0)
    inside = {chr(code) for low, high in found.ranges for code in range(low, high + 1)}
    assert (inside, found.negated) == (set(members), negated)


@pytest.mark.parametrize("text", [r"[\d]", r"[\w.]", r"[a\]b]", r"[a\-z]", "[z-a]", "[[:alpha:]]"])
def test_refused(text: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_character_set(text, 7)
    assert caught.value.offset >= 8


def test_merged_and_complement() -> None:
    assert merged([(5, 6), (1, 2), (3, 3), (6, 9)]) == ((1, 3), (5, 9))
    assert complement(((0x61, 0x7A),)) == ((0, 0x60), (0x7B, 0xD7FF), (0xE000, 0x10FFFF))
    assert complement(((0, 0x10FFFF),)) == ()


def test_case_is_folded_before_negation() -> None:
    assert folded_ranges(CharacterSet(((0x41, 0x42),))) == ((0x41, 0x42), (0x61, 0x62))
    assert folded_ranges(CharacterSet(((0x41, 0x42),), negated=True))[:2] == ((0, 0x40), (0x43, 0x60))
