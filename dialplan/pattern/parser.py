"""Pattern text -> tree, by ``pattern.lark``. No other file sees Lark's errors about patterns."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError
from lark.lexer import BasicLexer, ContextualLexer

from dialplan.syntax import (
    EMPTY,
    Alternation,
    Anchor,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Look,
    Node,
    PatternError,
    Repeat,
    Sequence,
    Variable,
    children,
    with_children,
)

from .atomic import ATOMIC, resolved
from .brought import BORDER, CASED, INNER, plain
from .character_set import CLASSES, parse_character_set
from .mistakes import mistake
from .variables import check_name
from .walk import Build, Walk, in_one

MAX_PATTERN_LENGTH = 1024
"""Expressway allows 60, too short for many a real pattern."""
MAX_GROUPS = 100
MAX_REPETITION = 1000
MAX_SIZE = 2000
"""Characters to match after all repetitions are written out."""

_ATOMIC_SIGNS = re.compile(r"[*+?}]\+|\(\?>")
_BROUGHT_SIGNS = re.compile(r"\\[bB]|\(\?[a-z]*-")


def parse_pattern(text: str) -> Node:
    """Raises PatternError when the dialect lacks something, or it cannot be matched in linear time.

    Groups are numbered, and the size is checked, only in patterns that have brackets or braces: that saves a quarter of
    the time over all patterns of tools/bench/search.py.
    """
    if len(text) > MAX_PATTERN_LENGTH:
        raise PatternError(MAX_PATTERN_LENGTH, f"a pattern of {len(text)} characters", f"{MAX_PATTERN_LENGTH} at most")
    if text.count("(") > MAX_GROUPS:
        raise PatternError(_nth(text, "(", MAX_GROUPS), "too many groups", f"{MAX_GROUPS} at most")
    node = _walk().tree(text) or _parsed(text)
    if _BROUGHT_SIGNS.search(text):
        node = plain(node)
    if _ATOMIC_SIGNS.search(text):
        node = resolved(node)
    if "(" in text:
        node = _numbered(node, _capture_order(node))
    if "{" in text:
        _size(node)
    return node


def _parsed(text: str) -> Node:
    """By Lark. Raises PatternError."""
    try:
        return _lark().parse(text)  # type: ignore[return-value]  # the embedded transformer builds nodes
    except UnexpectedInput as error:
        raise mistake(text, _offset(text, error)) from None
    except VisitError as error:
        raise error.orig_exc from None


class _Build(Transformer[Token, Node]):
    """One method for each alternative of the grammar."""

    def start(self, items: list[Node]) -> Node:
        return items[0]

    def branches(self, items: list[Node]) -> Node:
        return items[0] if len(items) == 1 else Alternation(tuple(items))

    def branch(self, items: list[Node]) -> Node:
        return items[0] if len(items) == 1 else Sequence(tuple(items)) if items else EMPTY

    def literal(self, items: list[Token]) -> Node:
        (token,) = items
        return Literal(_unescaped(token), _at(token))

    def any_character(self, items: list[Token]) -> Node:
        return AnyCharacter(_at(items[0]))

    def character_class(self, items: list[Token]) -> Node:
        ranges, negated = CLASSES[items[0][1]]
        return CharacterSet(ranges, negated, _at(items[0]))

    def character_set(self, items: list[Token]) -> Node:
        return parse_character_set(items[0], _at(items[0]))

    def variable(self, items: list[Token]) -> Node:
        name = items[0][1:-1].lower()
        check_name(name, _at(items[0]))
        return Variable(name, _at(items[0]))

    def anchor(self, items: list[Token]) -> Node:
        return Anchor(items[0] in ("^", r"\A"), _at(items[0]))

    def group(self, items: list[Any]) -> Node:
        return Group(items[1], _CAPTURES, _at(items[0]))

    def plain_group(self, items: list[Any]) -> Node:
        return Group(items[1], _case(items[0]), _at(items[0]))

    def atomic_group(self, items: list[Any]) -> Node:
        return Group(items[1], ATOMIC, _at(items[0]))

    def flags(self, items: list[Token]) -> Node:
        return Group(EMPTY, _case(items[0]), _at(items[0]))

    def border(self, items: list[Token]) -> Node:
        return Group(EMPTY, BORDER if items[0] == r"\b" else INNER, _at(items[0]))

    def look(self, items: list[Any]) -> Node:
        return Look(items[1], ahead="<" not in items[0], negated=items[0].endswith("!"), at=_at(items[0]))

    def repeat(self, items: list[Any]) -> Node:
        body, token = items
        if isinstance(body, Anchor | Look) or isinstance(body, Group) and body.index in (BORDER, INNER):
            raise PatternError(_at(token), "a repeated anchor or look-around", "leave the repetition out")
        manner = token[-1] if len(token) > 1 and token[-1] in "?+" else ""
        minimum, maximum = _bounds(token.removesuffix(manner), _at(token))
        repeated = Repeat(body, minimum, maximum, manner == "?", _at(token))
        return Group(repeated, ATOMIC, _at(token)) if manner == "+" else repeated


_CAPTURES = -1
"""Index of a capturing group until all are known and numbered."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SIMPLE_BOUNDS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


@cache
def _lark() -> Lark:
    """Made once: it takes 25 ms."""
    grammar = files(__package__).joinpath("pattern.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=_Build(), maybe_placeholders=False)


@cache
def _walk() -> Walk:
    lexer = cast(BasicLexer, cast(ContextualLexer, _lark().parser.lexer).root_lexer)
    build = _Build()
    atoms: dict[str, Build] = {
        "RUN": build.literal,
        "CHARACTER": build.literal,
        "ANY": build.any_character,
        "CLASS": build.character_class,
        "SET": build.character_set,
        "VARIABLE": build.variable,
        "ANCHOR": build.anchor,
        "BORDER": build.border,
    }
    openings: dict[str, Build] = {
        "OPEN": build.group,
        "OPEN_PLAIN": build.plain_group,
        "OPEN_ATOMIC": build.atomic_group,
        "OPEN_LOOK": build.look,
    }
    return Walk(in_one(lexer.terminals), atoms, openings, build.flags, build.repeat, build.branch, build.branches)


def _unescaped(token: str) -> str:
    """Most escapes are dots, and replacing them as plain text takes a fifth of the time."""
    if "\\" not in token:
        return str(token)
    text = token.replace(r"\.", ".")
    return text if "\\" not in text else _ESCAPE.sub(r"\1", token)


def _case(flags: Token) -> int:
    """The index of a group behind ``(?``: whether case counts in it."""
    return CASED if "i" in flags.partition("-")[2] else 0


def _at(token: Token) -> int:
    return token.start_pos or 0


def _bounds(text: str, at: int) -> tuple[int, int | None]:
    if text in _SIMPLE_BOUNDS:
        return _SIMPLE_BOUNDS[text]
    first, comma, last = text[1:-1].partition(",")
    if len(first) > 4 or len(last) > 4 or int(first) > MAX_REPETITION or int(last or 0) > MAX_REPETITION:
        raise PatternError(at, "too many repetitions", f"{MAX_REPETITION} at most")
    if not comma:
        return int(first), int(first)
    if last and int(last) < int(first):
        raise PatternError(at, "a repetition whose end is below its start", f"write {{{last},{first}}}")
    return int(first), int(last) if last else None


def _capture_order(node: Node) -> dict[int, int]:
    """Offset of each capturing bracket -> its index."""
    offsets: list[int] = []
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, Group) and node.index == _CAPTURES:
            offsets.append(node.at)
        pending.extend(children(node))
    return {at: index for index, at in enumerate(sorted(offsets), start=1)}


def _numbered(node: Node, order: dict[int, int]) -> Node:
    node = with_children(node, lambda child: _numbered(child, order))
    return replace(node, index=order.get(node.at, 0)) if isinstance(node, Group) else node


def _size(node: Node) -> tuple[int, int]:
    """(characters when written out, the deepest product of repetitions). Raises PatternError when one is too large."""
    inner = [_size(child) for child in children(node)]
    size = max(1, len(node.text)) if isinstance(node, Literal) else 1 + sum(child for child, _ in inner)
    product = max((times for _, times in inner), default=1)
    if isinstance(node, Repeat):
        times = max(1, node.minimum, node.maximum or 0)
        size, product = size * times, product * times
        if product > MAX_REPETITION:
            raise PatternError(node.at, "too many repetitions inside each other", f"{MAX_REPETITION} in all at most")
        if size > MAX_SIZE:
            raise PatternError(node.at, "too long a pattern when its repetitions are written out", "repeat less")
    return size, product


def _offset(text: str, error: UnexpectedInput) -> int:
    at = error.pos_in_stream
    return len(text) if at is None or at < 0 or getattr(error, "token", None) == "" else at


def _nth(text: str, what: str, count: int) -> int:
    """Offset of the ``count``-th occurrence; the first has the number 0."""
    at = -1
    for _ in range(count + 1):
        at = text.index(what, at + 1)
    return at
