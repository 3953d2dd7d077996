"""Sets of characters as code-point ranges: ``[...]`` of the pattern dialect, classes, case, complement."""

from __future__ import annotations

from typing import NamedTuple

from dialplan.syntax import MAX_CODE_POINT, CharacterSet, PatternError, Range

DIGITS: tuple[Range, ...] = ((0x30, 0x39),)
WORD: tuple[Range, ...] = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACE: tuple[Range, ...] = ((0x09, 0x0D), (0x20, 0x20))

CLASSES: dict[str, tuple[tuple[Range, ...], bool]] = {
    "d": (DIGITS, False),
    "D": (DIGITS, True),
    "w": (WORD, False),
    "W": (WORD, True),
    "s": (SPACE, False),
    "S": (SPACE, True),
}

SURROGATES: Range = (0xD800, 0xDFFF)
"""No character; never in a set."""
UPPER: Range = (0x41, 0x5A)
LOWER: Range = (0x61, 0x7A)
CASE_OFFSET = 0x20


class _Member(NamedTuple):
    code: int
    """Code point."""
    at: int
    """Offset in the pattern."""
    bare_hyphen: bool
    """A ``-`` without a backslash: between two members it makes a range."""


def parse_character_set(text: str, at: int) -> CharacterSet:
    """The set that ``[a-z_.]`` or ``[^...]`` means. ``at``: its offset in the pattern.

    Expressway takes a backslash inside as itself, other dialects as an escape. ``[\\.]`` holds the dot, as an alias
    has no backslash. Raises PatternError when the two readings differ for an alias, or when a range is the wrong way
    round.
    """
    negated = text.startswith("[^")
    members = _members(text, at, 2 if negated else 1)
    ranges: list[Range] = []
    position = 0
    while position < len(members):
        first = members[position]
        if position + 2 < len(members) and members[position + 1].bare_hyphen:
            last = members[position + 2]
            if last.code < first.code:
                raise PatternError(first.at, "a range whose end is below its start", "turn it round")
            ranges.append((first.code, last.code))
            position += 3
        else:
            ranges.append((first.code, first.code))
            position += 1
    return CharacterSet(merged(ranges), negated, at)


def _members(text: str, at: int, start: int) -> list[_Member]:
    members: list[_Member] = []
    position = start
    while position < len(text) - 1:
        character = text[position]
        if character == "[" and text[position + 1] in ":.=":
            raise PatternError(
                at + position, "a POSIX class", "write the range: a-z, 0-9, or \\d and \\w outside the []"
            )
        if character == "\\":
            position += 1
            _check_escape(text[position], at + position - 1)
            members.append(_Member(ord(text[position]), at + position - 1, False))
        else:
            members.append(_Member(ord(character), at + position, character == "-"))
        position += 1
    return members


def _check_escape(character: str, at: int) -> None:
    if character.isalnum():
        raise PatternError(at, "an escape inside []", "escapes mean nothing there; write the range: 0-9, a-z")
    if character in "]-":
        raise PatternError(at, "an escape inside []", "escapes mean nothing there; put ] first and - last: []a-z-]")


def merged(ranges: list[Range]) -> tuple[Range, ...]:
    """The same characters in ranges that are sorted and do not touch."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """All other characters; surrogates are none."""
    result: list[Range] = []
    start = 0
    for low, high in merged([*ranges, SURROGATES]):
        if start < low:
            result.append((start, low - 1))
        start = high + 1
    if start <= MAX_CODE_POINT:
        result.append((start, MAX_CODE_POINT))
    return tuple(result)


def folded_ranges(node: CharacterSet) -> tuple[Range, ...]:
    """The characters of a folded alias that are in the set."""
    both = list(node.ranges)
    for low, high in node.ranges:
        both += _shifted(low, high, UPPER, CASE_OFFSET) + _shifted(low, high, LOWER, -CASE_OFFSET)
    ranges = merged(both)
    return complement(ranges) if node.negated else ranges


def _shifted(low: int, high: int, span: Range, offset: int) -> list[Range]:
    start, end = max(low, span[0]), min(high, span[1])
    return [(start + offset, end + offset)] if start <= end else []
