"""Text of a dial plan -> Dialplan, or one error with all mistakes. No other file sees Lark's errors about rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import BasicLexer, LexerState, LexerThread
from lark.parsers.lalr_interactive_parser import InteractiveParser

from dialplan.collector import collector_paused
from dialplan.model import BlockKind, Dialplan
from dialplan.notes import Notes
from dialplan.pattern.walk import in_one
from dialplan.problem import DialplanError, listing, suggestion
from dialplan.search.uniqueness import unique_names, unique_priorities

from .blocks import BlockToken, NotRead, read_blocks
from .fields import ALL_NAMES, FIELD_NAMES, TEXT_FIELDS, field_named, value_offset
from .habits import habit
from .layout import Lexeme
from .plan_builder import PlanBuilder

MAX_FILE_SIZE = 16 * 1024 * 1024
"""Characters."""
MAX_PROBLEMS = 100
"""After this many mistakes the rest of the file is not read."""

BLOCKS = listing([f'{kind.value} "name" {{ }}' for kind in BlockKind])

_BEGINNING = (("KIND", "search rule"), ("STRING", '""'), ("LBRACE", "{"))


def parse_dialplan(text: str, file: str) -> Dialplan:
    """``file``: its name in messages. Raises DialplanError when the text has mistakes."""
    notes = Notes(file, text)
    if len(text) > MAX_FILE_SIZE:
        notes.add(1, 1, f"a file of {len(text)} characters", f"{MAX_FILE_SIZE} at most")
        raise DialplanError(notes.problems)
    with collector_paused():
        try:
            plan = _plan(notes, text, read_blocks(text, _terminals()))
        except NotRead:
            notes = Notes(file, text)
            plan = _plan(notes, text, _blocks_with_errors(notes, text))
    problems = notes.problems + unique_names(plan)
    problems += [] if problems else unique_priorities(plan)
    if problems:
        raise DialplanError(problems)
    return plan


def lexemes(text: str) -> Iterator[Lexeme]:
    """The tokens of a text that ``parse_dialplan`` accepts."""
    for token in _lark().lex(text):
        yield Lexeme(token.type, str(token), token.start_pos or 0)


def _plan(notes: Notes, text: str, blocks: Iterable[list[BlockToken]]) -> Dialplan:
    builder = PlanBuilder(notes, text)
    for block in blocks:
        if len(notes.problems) < MAX_PROBLEMS:
            builder.add(block)
    return builder.plan()


def _blocks_with_errors(notes: Notes, text: str) -> list[list[BlockToken]]:
    """Notes the syntax errors of the text, and gives what can be read of its blocks."""
    try:
        tree = _lark().parse(text, on_error=_Reader(notes).on_error)
    except UnexpectedInput:
        raise DialplanError(notes.problems) from None
    blocks = (cast(list[Token], cast(Tree[Token], block).children) for block in tree.children)
    return [[(token.type, str(token), token.start_pos) for token in block] for block in blocks]


@cache
def _lark() -> Lark:
    """Made once: it takes 9 ms."""
    grammar = files(__package__).joinpath("rules.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)


@cache
def _terminals() -> re.Pattern[str]:
    lexer = cast(BasicLexer, _lark().parser.lexer)
    return in_one(lexer.terminals, lexer.ignore_types)


class _Reader:
    """Notes each syntax error, and puts the parser into a state in which it can go on."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def on_error(self, error: UnexpectedInput) -> bool:
        """Called by Lark at each syntax error; whether it is to go on."""
        if isinstance(error, UnexpectedCharacters):
            self._characters(error)
        elif isinstance(error, UnexpectedToken):
            self._token(error)
        return len(self._notes.problems) < MAX_PROBLEMS

    def _characters(self, error: UnexpectedCharacters) -> None:
        """Notes characters that are no token, and skips the rest of their line."""
        parser = error.interactive_parser
        rest = self._notes.lines[error.line - 1][error.column - 1 :]
        accepted = _choices(parser)
        inside = "RBRACE" in accepted
        message, hint, offset = _explain_field(rest) if inside else _explain_header(rest)
        self._notes.add(error.line, error.column + offset, message, hint)
        if not inside and "{" in rest and "}" not in rest:
            _open_block(parser)
        _skip(parser.lexer_thread, len(rest))

    def _token(self, error: UnexpectedToken) -> None:
        """Notes a token in the wrong place, and drops it unless it begins something."""
        parser, token = error.interactive_parser, error.token
        accepted = _choices(parser)
        message, hint = _explain_token(token, accepted)
        if token.type == "$END":
            self._notes.add(len(self._notes.lines), len(self._notes.lines[-1]) + 1, message, hint)
        else:
            self._notes.add(token.line or 1, token.column or 1, message, hint)
        if token.type == "RBRACE" and "KIND" in accepted:
            return
        if "RBRACE" not in accepted or token.type == "$END":
            _open_block(parser)
        if token.type in ("KIND", "$END"):
            parser.feed_token(Token("RBRACE", "}"))
        if token.type not in ("STRING", "LBRACE", "$END"):
            parser.feed_token(token)


def _explain_token(token: Token, accepted: Mapping[str, object]) -> tuple[str, str]:
    shown = " ".join(token.split())
    shown = shown if len(shown) <= 40 else shown[:40] + "..."
    if token.type == "$END":
        return "the file ends inside a block", "} is missing"
    if "KIND" in accepted:
        return f"'{shown}' outside any block", f"write {BLOCKS}"
    if "RBRACE" not in accepted:
        return f"a block without {'its name in quotes' if 'STRING' in accepted else '{'}", f"write {BLOCKS}"
    if token.type == "STRING":
        return "text without a field", 'write a field before it: pattern "..."'
    return f"'{shown}' inside a block", "} is missing before it"


def _open_block(parser: InteractiveParser) -> None:
    """Feeds the missing beginning of a block. A kind or name without a place was not in the file."""
    for name, text in _BEGINNING:
        if name in _choices(parser):
            parser.feed_token(Token(name, text))


def _choices(parser: InteractiveParser) -> Mapping[str, object]:
    """The parser's choices by the names of the tokens that may come next."""
    choices: Mapping[str, object] = parser.choices()  # type: ignore[no-untyped-call]
    return choices


def _skip(lexer: LexerThread, count: int) -> None:
    """Moves the lexer behind the rest of the line."""
    state = cast(LexerState, lexer.state)
    start = state.line_ctr.char_pos
    state.line_ctr.feed(state.text.text[start : start + count], test_newline=False)


def _explain_header(rest: str) -> tuple[str, str, int]:
    if rest.startswith('"'):
        return "a string without end", 'close it with " on the same line', 0
    told = habit(rest)
    if told:
        return told
    word = rest.split(maxsplit=1)[0]
    return (
        f"'{word[:40]}' begins no block",
        suggestion(word, [kind.value for kind in BlockKind]) or f"write {BLOCKS}",
        0,
    )


def _explain_field(rest: str) -> tuple[str, str, int]:
    """(message, hint, offset of the mistake in the rest of the line)."""
    name = field_named(rest)
    if rest.startswith('"'):
        return "text without a field", 'write a field before it: pattern "..."', 0
    told = habit(rest)
    if told:
        return told
    if name is None:
        unknown = rest.split('"')[0].split("{")[0].strip() or rest.strip()
        hint = suggestion(unknown, FIELD_NAMES[BlockKind.SEARCH_RULE]) or suggestion(unknown.split()[0], ALL_NAMES)
        return f"unknown field '{unknown[:40]}'", hint or f"fields are {listing(FIELD_NAMES[BlockKind.SEARCH_RULE])}", 0
    offset = value_offset(rest, name)
    value = rest[offset:]
    if '"' in value and value.count('"') % 2:
        return (
            "a string without end",
            'close it with " on the same line; "" inside is a quote',
            offset + value.index('"'),
        )
    if name in TEXT_FIELDS:
        return f"{name} takes text in quotes", f'write: {name} "..."', offset
    if '"' in value:
        return f"{name} takes no text in quotes here", _quoted_hint(name), offset
    return f"{name} has no value", "write one behind it on the same line", offset


def _quoted_hint(name: str) -> str:
    return f'write: {name} zone "its name"' if name in ("source", "target") else "leave the quotes out"
