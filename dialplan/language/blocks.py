"""The blocks of a text without syntax errors, in one walk of a regular expression through it.

The expression is made of the terminals of the grammar. Lark's parser, which finds and explains errors, takes
two and a half times as long for the same tokens: 10,000 rules are read in 0.9 instead of 1.3 s (tools/bench/search.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

BlockToken = tuple[str, str, int | None]
"""Name of its terminal, its text, its offset in the text of the file; None where the parser made it up."""

BEGINNING = ("KIND", "STRING", "LBRACE")
FIELDS = frozenset({"ZONE_FIELD", "TEXT_FIELD", "WORDS_FIELD"})


class NotRead(Exception):
    """The text has a syntax error, which Lark will find and explain."""


def read_blocks(text: str, terminals: re.Pattern[str]) -> Iterator[list[BlockToken]]:
    """The tokens of each block without its braces. Raises NotRead at the end at the latest.

    ``terminals``: a group for each, named like it; what is in no group is ignored. All tokens of 10,000 rules at a time
    would take 17 MB.
    """
    block: list[BlockToken] = []
    place = position = 0
    for match in terminals.finditer(text):
        kind, token = match.lastgroup, match[0]
        start = position
        position += len(token)
        if kind is None:
            continue
        if place < len(BEGINNING):
            if kind != BEGINNING[place]:
                raise NotRead
            place += 1
            if kind == "LBRACE":
                continue
        elif kind == "RBRACE":
            yield block
            block, place = [], 0
            continue
        elif kind not in FIELDS:
            raise NotRead
        block.append((kind, token, start))
    # Where something lies between two tokens, all of them together are shorter than the text.
    if position != len(text) or place:
        raise NotRead
