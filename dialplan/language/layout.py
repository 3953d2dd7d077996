"""Blocks of fields in canonical layout with every comment kept, for the formatters of rules and of cases.

Comments are the text between lexemes. A comment on a line of its own belongs to the lexeme below it, a comment behind a
lexeme to that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .spelling import plain_words

INDENT = "    "


class Lexeme(NamedTuple):
    """A token. ``kind``: its name; ``start``: offset in the text. White space at the end of ``text`` does not count."""

    kind: str
    text: str
    start: int


class FieldText(NamedTuple):
    """A field in canonical spelling, and its rank in the block. Fields of one rank keep their order."""

    text: str
    rank: int = 0


Canonical = Callable[[str, Lexeme], FieldText]
"""(the block's kind in lower case with single blanks, a field or statement) -> its canonical spelling."""


@dataclass(slots=True)
class _Piece:
    lexeme: Lexeme
    above: list[str]
    """Comments on lines of their own; '' is a blank line."""
    behind: str = ""


@dataclass(slots=True)
class _Block:
    kind: str
    name: str = ""
    above: list[str] = field(default_factory=list)
    opening: str = ""
    fields: list[_Piece] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    closing: str = ""


def lay_out(text: str, lexemes: Iterable[Lexeme], canonical: Canonical) -> str:
    """``text``: without mistakes. ``lexemes``: KIND STRING LBRACE field* RBRACE for a block; any other lexeme outside a
    block is a statement of one line."""
    pieces, end = _pieces(text, lexemes)
    lines: list[str] = []
    statement = False
    for item in _items(pieces):
        written = _statement(item, canonical) if isinstance(item, _Piece) else _block(item, canonical)
        above = _paragraphs(item.above)
        together = statement and isinstance(item, _Piece) and not item.above
        lines += ([""] if lines and not together else []) + above + written
        statement = isinstance(item, _Piece)
    rest = _paragraphs(end)
    while rest and not rest[-1]:
        rest.pop()
    lines += ([""] if lines and rest else []) + rest
    return "".join(line + "\n" for line in lines)


def _pieces(text: str, lexemes: Iterable[Lexeme]) -> tuple[list[_Piece], list[str]]:
    """(every lexeme with its comments, the comments behind the last one)."""
    pieces: list[_Piece] = []
    position = 0
    for lexeme in lexemes:
        above = _comments(text[position : lexeme.start], pieces)
        pieces.append(_Piece(lexeme, above))
        position = lexeme.start + len(lexeme.text.rstrip())
    return pieces, _comments(text[position:], pieces)


def _comments(gap: str, pieces: list[_Piece]) -> list[str]:
    """The lines of a gap. Its first line goes to the piece before, on whose line it is."""
    first, *others = (line.strip() for line in gap.split("\n"))
    if not pieces:
        others.insert(0, first)
    else:
        pieces[-1].behind = first
    return others[:-1] if others and not others[-1] else others


def _items(pieces: Iterable[_Piece]) -> list[_Block | _Piece]:
    items: list[_Block | _Piece] = []
    block: _Block | None = None
    for piece in pieces:
        kind = piece.lexeme.kind
        if block is None and kind != "KIND":
            items.append(piece)
        elif block is None:
            block = _Block(plain_words(piece.lexeme.text), above=piece.above)
            _moved_up(block, piece.behind)
            items.append(block)
        elif kind == "RBRACE":
            block.last, block.closing = piece.above, piece.behind
            block = None
        else:
            _inside(block, piece)
    return items


def _inside(block: _Block, piece: _Piece) -> None:
    if piece.lexeme.kind == "STRING":
        block.name = piece.lexeme.text
        _moved_up(block, *piece.above, piece.behind)
    elif piece.lexeme.kind == "LBRACE":
        _moved_up(block, *piece.above)
        block.opening = piece.behind
    else:
        block.fields.append(piece)


def _moved_up(block: _Block, *comments: str) -> None:
    """A comment inside a block's first line goes above it."""
    written = [comment for comment in comments if comment]
    while written and block.above and not block.above[-1]:
        block.above.pop()
    block.above += written


def _statement(piece: _Piece, canonical: Canonical) -> list[str]:
    return [_with_comment(canonical("", piece.lexeme).text, piece.behind)]


def _block(block: _Block, canonical: Canonical) -> list[str]:
    lines = [_with_comment(f"{block.kind} {block.name} {{", block.opening)]
    fields = [(canonical(block.kind, piece.lexeme), piece) for piece in block.fields]
    for written, piece in sorted(fields, key=lambda pair: pair[0].rank):
        lines += [INDENT + comment for comment in piece.above if comment]
        lines.append(INDENT + _with_comment(written.text, piece.behind))
    lines += [INDENT + comment for comment in block.last if comment]
    return [*lines, _with_comment("}", block.closing)]


def _with_comment(text: str, comment: str) -> str:
    return f"{text}  {comment}" if comment else text


def _paragraphs(lines: list[str]) -> list[str]:
    """No blank line at the beginning, never two in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
