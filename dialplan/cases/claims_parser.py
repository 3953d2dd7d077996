"""Text of one claim -> Claim."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from dialplan.language.fields import TRAFFIC_WORDS, traffic_named
from dialplan.model import Location
from dialplan.pattern.parser import parse_pattern
from dialplan.problem import listing, suggestion
from dialplan.syntax import PatternError

from .claims import Claim, ClaimKind, pattern_of_glob

PARTS = 'from zone "name", alias "*@domain", alias regex "...", traffic TYPE, authenticated yes or no, to zone "name"'


class ClaimError(ValueError):
    """``offset``: where in the text."""

    def __init__(self, offset: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


def parse_claim(text: str, location: Location) -> Claim:
    """``text``: one line, beginning with never, only or always. Raise ClaimError."""
    try:
        tree = _lark().parse(text)
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        offset = len(text) if ended else error.column - 1
        raise ClaimError(offset, "a claim that is not understood", f"a claim takes {PARTS}") from None
    kind, *parts = tree.children
    values: dict[str, Any] = {}
    for part in parts:
        assert isinstance(part, Tree)
        _read(part, values)
    if not values:
        raise ClaimError(len(text), "a claim about every request", f"write one of {PARTS}")
    return Claim(kind=ClaimKind(str(kind).lower()), text=text, location=location, **values)


@cache
def _lark() -> Lark:
    return Lark(files(__package__).joinpath("claim.lark").read_text("utf-8"), parser="lalr")


def _read(part: Tree[Token], values: dict[str, Any]) -> None:
    tokens = [token for token in part.children if isinstance(token, Token)]
    first = tokens[0]
    name = {"alias": "pattern", "regex": "pattern"}.get(str(part.data), str(part.data))
    if name in values:
        raise ClaimError(_offset(first), f"{part.data} a second time", "write each once; zones stand side by side")
    if name in ("sources", "targets"):
        values[name] = tuple(_unquoted(token) for token in tokens)
    elif name == "pattern":
        values[name] = _pattern(str(part.data), first)
    elif name == "traffic":
        values[name] = _traffic(tokens)
    else:
        values[name] = first.lower() == "yes"


def _pattern(kind: str, token: Token) -> str:
    text = _unquoted(token)
    if not text or not text.isprintable():
        raise ClaimError(
            _offset(token), "an alias without a character, or with a control character", "write user@domain"
        )
    pattern = text if kind == "regex" else pattern_of_glob(text)
    try:
        parse_pattern(pattern)
    except PatternError as error:
        inside = error.offset if kind == "regex" else 0
        raise ClaimError(_offset(token) + 1 + inside, error.message, error.hint) from None
    return pattern


def _traffic(tokens: list[Token]) -> object:
    word = " ".join(tokens)
    traffic = traffic_named(word)
    if traffic is None:
        hint = suggestion(word, TRAFFIC_WORDS) or f"write {listing(list(TRAFFIC_WORDS))}"
        raise ClaimError(_offset(tokens[0]), f'"{word}" is not a kind of traffic', hint)
    return traffic


def _offset(token: Token) -> int:
    return token.start_pos or 0


def _unquoted(token: Token) -> str:
    return str(token)[1:-1].replace('""', '"')
