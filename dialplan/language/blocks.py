"""The blocks of a text without syntax errors, in one walk of a regular expression through it.

The expression is made of the terminals of the grammar. Lark's parser, which finds and explains errors, takes
two and a half times as long for the same tokens: 10,000 rules are read in 0.9 instead of 1.3 s (tools/bench/search.py).
"""

from __future__ import annotations

import re

BEGINNING = ("KIND", "STRING", "LBRACE")
FIELDS = frozenset({"ZONE_FIELD", "TEXT_FIELD", "WORDS_FIELD"})


class BlockToken(str):
    """A token, which is also its text. ``line`` and ``column`` count from 1."""

    __slots__ = ("column", "line", "type")

    type: str
    line: int | None
    column: int | None


def read_blocks(text: str, terminals: re.Pattern[str]) -> list[list[BlockToken]] | None:
    """The tokens of each block without its braces; None when the text has a syntax error.

    ``terminals``: a group for each, named like it; what is in no group is ignored.
    """
    blocks: list[list[BlockToken]] = []
    block: list[BlockToken] = []
    place, position, line, line_start = 0, 0, 1, 0
    for match in terminals.finditer(text):
        start, end = match.span()
        if start != position:
            return None
        kind = match.lastgroup
        if kind is not None:
            if place < len(BEGINNING):
                if kind != BEGINNING[place]:
                    return None
                place += 1
            elif kind == "RBRACE":
                blocks.append(block)
                block, place = [], 0
            elif kind not in FIELDS:
                return None
            if kind not in ("LBRACE", "RBRACE"):
                token = BlockToken(match[0])
                token.type, token.line, token.column = kind, line, start - line_start + 1
                block.append(token)
        breaks = text.count("\n", start, end)
        if breaks:
            line, line_start = line + breaks, text.rindex("\n", start, end) + 1
        position = end
    return blocks if position == len(text) and not place else None
