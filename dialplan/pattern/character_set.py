"""Sets of characters as code-point ranges: ``[...]`` of the pattern dialect, classes, case, complement."""

from __future__ import annotations

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


def parse_character_set(text: str, at: int) -> CharacterSet:
    """``[a-z_.]`` or ``[^...]``. Expressway takes every character inside as it is; an escape whose two readings (the
    backslash as itself, as an escape) differ for an alias is refused, ``[\\.]`` is the dot."""
    negated = text.startswith("[^")
    members = _members(text, at, 2 if negated else 1)
    ranges: list[Range] = []
    position = 0
    while position < len(members):
        low, offset = members[position]
        if position + 2 < len(members) and members[position + 1][0] == -1:
            high = members[position + 2][0]
            if _code(high) < _code(low):
                raise PatternError(offset, "a range whose end is below its start", "turn it round")
            ranges.append((_code(low), _code(high)))
            position += 3
        else:
            ranges.append((_code(low), _code(low)))
            position += 1
    return CharacterSet(merged(ranges), negated, at)


def _members(text: str, at: int, start: int) -> list[tuple[int, int]]:
    """Code point and offset of each member; a bare ``-`` is -1."""
    found: list[tuple[int, int]] = []
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
            found.append((ord(text[position]), at + position - 1))
        else:
            found.append((-1 if character == "-" else ord(character), at + position))
        position += 1
    return found


def _check_escape(character: str, at: int) -> None:
    if character.isalnum():
        raise PatternError(at, "an escape inside []", "escapes mean nothing there; write the range: 0-9, a-z")
    if character in "]-":
        raise PatternError(at, "an escape inside []", "escapes mean nothing there; put ] first and - last: []a-z-]")


def _code(member: int) -> int:
    return ord("-") if member == -1 else member


def merged(ranges: list[Range]) -> tuple[Range, ...]:
    """Sorted, apart from each other."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
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
    """What the set holds of an alias in lower case: ASCII case ignored, negation resolved."""
    both = list(node.ranges)
    for low, high in node.ranges:
        both += _shifted(low, high, UPPER, CASE_OFFSET) + _shifted(low, high, LOWER, -CASE_OFFSET)
    ranges = merged(both)
    return complement(ranges) if node.negated else ranges


def _shifted(low: int, high: int, span: Range, offset: int) -> list[Range]:
    start, end = max(low, span[0]), min(high, span[1])
    return [(start + offset, end + offset)] if start <= end else []
