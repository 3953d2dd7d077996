"""Text of one claim -> Claim."""

from __future__ import annotations

from dataclasses import replace

from lark import Token, Tree, UnexpectedInput

from dialplan.language.fields import FieldError, traffic_of
from dialplan.language.spelling import unquoted
from dialplan.model import Location, Traffic
from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import PatternError

from .claims import Claim, ClaimKind, pattern_of_glob
from .grammar_parser import grammar, is_at_end

PARTS = (
    'from zone "name", from domain "name" in zone "name", alias "*@domain", alias regex "...", traffic TYPE, '
    'authenticated yes or no, to zone "name"'
)


class ClaimError(ValueError):
    """The text is no claim. ``offset``: the mistake's place in it."""

    def __init__(self, offset: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


def parse_claim(text: str, location: Location) -> Claim:
    """``text``: one line that begins with never, only or always. Raises ClaimError when it is no claim."""
    try:
        tree = grammar("claim").parse(text)
    except UnexpectedInput as error:
        offset = len(text) if is_at_end(error) else error.column - 1
        raise ClaimError(offset, "a claim that is not understood", f"a claim takes {PARTS}") from None
    kind, *parts = tree.children
    claim = Claim(kind=ClaimKind(str(kind).lower()), text=text, location=location)
    seen: set[str] = set()
    for part in parts:
        assert isinstance(part, Tree)
        tokens = [token for token in part.children if isinstance(token, Token)]
        for name in _names(str(part.data), len(tokens)):
            if name in seen:
                hint = "write each once; zones stand side by side"
                raise ClaimError(_offset(tokens[0]), f"{part.data} a second time", hint)
            seen.add(name)
        claim = _with_part(claim, str(part.data), tokens)
    if claim.domain and claim.kind is ClaimKind.ONLY:
        raise ClaimError(0, "only takes no domain", 'write: never from domain "name" in zone "name"')
    if not parts:
        raise ClaimError(len(text), "a claim about every request", f"write one of {PARTS}")
    return claim


def _names(part: str, tokens: int) -> tuple[str, ...]:
    """What a part says; none may be said twice."""
    if part == "regex":
        return ("alias",)
    return ("domain", "sources") if part == "domain" and tokens > 1 else (part,)


def _with_part(claim: Claim, part: str, tokens: list[Token]) -> Claim:
    if part == "sources":
        return replace(claim, sources=tuple(map(unquoted, tokens)))
    if part == "domain":
        zones = tuple(map(unquoted, tokens[1:]))
        return replace(claim, domain=unquoted(tokens[0]), sources=zones or claim.sources)
    if part == "targets":
        return replace(claim, targets=tuple(map(unquoted, tokens)))
    if part in ("alias", "regex"):
        return replace(claim, pattern=_pattern(tokens[0], is_regex=part == "regex"))
    if part == "traffic":
        return replace(claim, traffic=_traffic(tokens))
    return replace(claim, authenticated=tokens[0].lower() == "yes")


def _pattern(token: Token, is_regex: bool) -> str:
    text = unquoted(token)
    if not text or not text.isprintable():
        message = "an alias without a character, or with a control character"
        raise ClaimError(_offset(token), message, "write user@domain")
    pattern = text if is_regex else pattern_of_glob(text)
    try:
        parse_pattern(pattern)
    except PatternError as error:
        inside = error.offset if is_regex else 0
        raise ClaimError(_offset(token) + 1 + inside, error.message, error.hint) from None
    return pattern


def _traffic(tokens: list[Token]) -> Traffic:
    try:
        return traffic_of(" ".join(tokens))
    except FieldError as error:
        raise ClaimError(_offset(tokens[0]), error.message, error.hint) from None


def _offset(token: Token) -> int:
    return token.start_pos or 0
