"""Where the cursor is in a dial plan: block, field and word. Works on text that does not parse."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialplan.language.fields import FIELD_NAMES
from dialplan.model import BlockKind

PLANS = ".dialplan"
CASES = ".cases"

_BLOCK = re.compile(r'^\s*(transform|search\s+rule)\s+"', re.IGNORECASE)
_STRING = re.compile(r'"((?:[^"]|"")*)"?')


@dataclass(frozen=True, slots=True)
class Place:
    """``kind`` None: outside any block. ``field`` '': no field is written on this line yet. ``value``: what follows it,
    up to the cursor."""

    kind: BlockKind | None
    field: str = ""
    value: str = ""
    written: tuple[str, ...] = ()
    """Fields that the block has on other lines."""


def place_at(text: str, line: int, column: int) -> Place:
    """``line`` and ``column`` count from 0, as in the protocol."""
    lines = text.split("\n")
    block = _block_around(lines, line)
    if block is None:
        return Place(None)
    first, kind = block
    here = lines[line][:column] if line < len(lines) else ""
    field, value = split_field(kind, here)
    others = [split_field(kind, text)[0] for number, text in _block_lines(lines, first) if number != line]
    return Place(kind, field, value, tuple(name for name in others if name))


def _block_around(lines: list[str], line: int) -> tuple[int, BlockKind] | None:
    for number in range(min(line, len(lines) - 1), -1, -1):
        match = _BLOCK.match(lines[number])
        if match:
            kind = BlockKind.TRANSFORM if match[1].lower() == "transform" else BlockKind.SEARCH_RULE
            return (number, kind) if number < line else None
        if number < line and lines[number].strip().startswith("}"):
            return None
    return None


def _block_lines(lines: list[str], first: int) -> list[tuple[int, str]]:
    inside = []
    for number in range(first + 1, len(lines)):
        if lines[number].strip().startswith("}") or _BLOCK.match(lines[number]):
            break
        inside.append((number, lines[number]))
    return inside


def split_field(kind: BlockKind, line: str) -> tuple[str, str]:
    """(field name, what follows it) of a line; ('', the line) where it begins with no field."""
    words = line.strip()
    for name in sorted(FIELD_NAMES[kind], key=len, reverse=True):
        if re.match(name.replace(" ", r"\s+") + r"(\s|$)", words, re.IGNORECASE):
            parts = words.split(None, len(name.split()))
            return name, parts[len(name.split())] if len(parts) > len(name.split()) else ""
    return "", words


def string_at(line: str, column: int) -> str | None:
    """The quoted text under the cursor, None when there is none."""
    for match in _STRING.finditer(line):
        if match.start() <= column <= match.end():
            return match[1].replace('""', '"')
    return None


def value_around(line: str, column: int, value: str) -> tuple[int, int]:
    """Where the value that is being written begins and ends: with the rest of an open text and its closing quote.

    ``value``: of the place at this column. Columns count from 0.
    """
    written = line[:column]
    start = len(written.rstrip()) - len(value) if value else column
    if value.count('"') % 2 == 0:
        return start, column
    closing = line.find('"', column)
    return start, column if closing < 0 else closing + 1


def outline(text: str) -> list[tuple[str, int, int]]:
    """(what a block is and its name, its first and last line) for each block; lines count from 0."""
    lines = text.split("\n")
    blocks = []
    for number, line in enumerate(lines):
        if _BLOCK.match(line):
            title = line.partition("{")[0].strip()
            blocks.append((title, number, max([number, *(at for at, _ in _block_lines(lines, number))])))
    return blocks


def uses_of_zone(text: str, name: str) -> list[tuple[int, int, int]]:
    """Line, start and end, from 0, of the name in each source and target that is this zone; case does not count."""
    written = re.escape(name.replace('"', '""'))
    use = re.compile(rf'^\s*(?:source|target)\s+zone\s+"({written})"', re.IGNORECASE)
    return [(at, *found.span(1)) for at, line in enumerate(text.split("\n")) if (found := use.match(line))]
