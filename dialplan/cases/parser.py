"""Text of a case file -> CaseFile, or one error with its mistakes; and its canonical layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from lark import Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from dialplan.language.fields import FieldError, traffic_of
from dialplan.language.layout import FieldText, Lexeme, lay_out
from dialplan.language.spelling import control_character_at, plain_words, unquoted
from dialplan.model import Location, Traffic
from dialplan.notes import Notes, inside
from dialplan.problem import DialplanError, listing, suggestion

from .cases import Case, CaseFile, PlanStatement, SettingName, SettingStatement, Statement
from .claims import Claim, ClaimKind
from .claims_parser import ClaimError, parse_claim
from .expectation_parser import EXPECTATIONS, ExpectationError, Expectations
from .grammar_parser import grammar, is_at_end

MAX_FILE_SIZE = 16 * 1024 * 1024
"""Characters."""
MAX_NAME = 200

FIELDS = ("alias", "from zone", "message", "traffic", "method", "event", "authenticated", "expect")
STATEMENTS = 'plan "file", case "name" { }, never, only or always and the requests that it is about'
_FIELD_HINTS = {
    "alias": 'write: alias "user@domain"',
    "from zone": 'write: from zone "name"',
    "message": 'write: message "file.sip"',
    "expect": f"write one of: {EXPECTATIONS}",
}
_TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~")
"""RFC 3261 25.1."""


def parse_cases(text: str, file: str) -> CaseFile:
    """``file``: its name in messages. Raises DialplanError when the text has mistakes."""
    notes = Notes(file, text)
    if len(text) > MAX_FILE_SIZE:
        notes.add(1, 1, f"a file of {len(text)} characters", f"{MAX_FILE_SIZE} at most")
        raise DialplanError(notes.problems)
    try:
        tree = grammar("cases").parse(text)
    except UnexpectedInput as error:
        _note(notes, error)
        raise DialplanError(notes.problems) from None
    builder = _Builder(notes)
    statements = [builder.statement(child) for child in tree.children]
    builder.check_names(statements)
    if notes.problems:
        raise DialplanError(notes.problems)
    return CaseFile(file, text, tuple(statements))


def format_cases(text: str, file: str) -> str:
    """The same cases in canonical layout. Raises DialplanError when the text has mistakes."""
    parse_cases(text, file)
    lexemes = (Lexeme(token.type, str(token), token.start_pos or 0) for token in grammar("cases").lex(text))
    return lay_out(text, lexemes, _canonical)


def _canonical(block: str, lexeme: Lexeme) -> FieldText:
    """Words in lower case, a method in upper case, a kind of traffic by its one name.

    Every rank is 0: the order of expectations counts.
    """
    parts = lexeme.text.strip().split('"')
    for number in range(0, len(parts), 2):
        parts[number] = plain_words(parts[number])
    text = parts[0]
    for number in range(1, len(parts), 2):
        text += f' "{parts[number]}"' if parts[number - 1] or number == 1 else f'"{parts[number]}"'
        text += f" {parts[number + 1]}" if parts[number + 1] else ""
    name, _, value = text.partition(" ")
    if name == "traffic":
        value = traffic_of(value).value
    return FieldText(f"{name} {value.upper() if name == 'method' else value}" if value else text)


class _Builder:
    """Makes statements of the tree, and notes every mistake at its place."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._builders: dict[str, Callable[[Token], Statement]] = {
            "PLAN": self._plan,
            "SETTING": self._setting,
            "CLAIM": self._claim,
        }

    def statement(self, node: Token | Tree[Token]) -> Statement:
        return self._builders[node.type](node) if isinstance(node, Token) else self._case(node.children)  # type: ignore[arg-type]

    def check_names(self, statements: list[Statement]) -> None:
        seen: dict[str, Case] = {}
        for case in statements:
            if isinstance(case, Case) and seen.setdefault(case.name, case) is not case:
                hint = f"the first is in line {seen[case.name].location.line}"
                self._notes.at(case.location, f'a second case "{case.name}"', hint)

    def _plan(self, token: Token) -> PlanStatement:
        return PlanStatement(self._text(token), self._place(token))

    def _setting(self, token: Token) -> SettingStatement:
        name = cast(SettingName, plain_words(token.partition('"')[0]))
        return SettingStatement(name, self._text(token), self._place(token))

    def _claim(self, token: Token) -> Claim:
        try:
            return parse_claim(str(token), self._place(token))
        except ClaimError as error:
            self._notes.at(self._place(token, error.offset), error.message, error.hint)
            return Claim(kind=ClaimKind.NEVER, text=str(token))

    def _case(self, tokens: list[Token]) -> Case:
        """``tokens``: the word ``case``, its name, its fields."""
        where = self._place(tokens[0])
        places: dict[str, Location] = {}
        case = Case(name=self._text(tokens[1]), source="", location=where, places=places)
        if not 0 < len(case.name) <= MAX_NAME:
            message = f"a name of {len(case.name)} characters"
            self._notes.at(self._place(tokens[1]), message, f"1 to {MAX_NAME} characters")
        expectations = Expectations()
        for token in tokens[2:]:
            if token.type == "EXPECT_FIELD":
                self._expect(token, expectations)
            else:
                case = self._field(token, case, places)
        if "from zone" not in places:
            self._notes.at(where, "a case without a source", 'write: from zone "name"')
        if "alias" not in places and "message" not in places:
            self._notes.at(where, "a case without a request", 'write: alias "user@domain" (or message "file.sip")')
        if not any(token.type == "EXPECT_FIELD" for token in tokens):
            self._notes.at(where, "a case that expects nothing", f"write expect and one of: {EXPECTATIONS}")
        expected = expectations.expected
        if expected.more and not expected.targets:
            self._notes.at(where, "expect more without a target before it", f"write expect and one of: {EXPECTATIONS}")
        return replace(case, expected=expected)

    def _field(self, token: Token, case: Case, places: dict[str, Location]) -> Case:
        """The case with one field more."""
        text = token.strip()
        if token.type == "TEXT_FIELD":
            name, value = plain_words(text.partition('"')[0]), self._text(token)
        else:
            name, value = text.split(maxsplit=1)[0].lower(), " ".join(text.split()[1:])
        place = self._place(token)
        if name in places:
            self._notes.at(place, f"{name} a second time", f"it is set in line {places[name].line} already")
            return case
        places[name] = place
        if name == "traffic":
            return replace(case, traffic=self._traffic(value, place))
        if name == "authenticated":
            return replace(case, authenticated=self._yes_or_no(value, place))
        if name in ("method", "event"):
            if not _TOKEN.issuperset(value):
                self._notes.at(place, f'"{value}" is not a token', "write one word, like NOTIFY")
            return replace(case, method=value.upper()) if name == "method" else replace(case, event=value)
        if not value:
            self._notes.at(place, f"an empty {name}", "write something between the quotes")
        if name == "from zone":
            return replace(case, source=value)
        return replace(case, message=value) if name == "message" else replace(case, alias=value)

    def _traffic(self, text: str, place: Location) -> Traffic | None:
        try:
            return traffic_of(text)
        except FieldError as error:
            self._notes.at(place, error.message, error.hint)
            return None

    def _yes_or_no(self, text: str, place: Location) -> bool:
        if text.lower() not in ("yes", "no"):
            self._notes.at(place, f'"{text}" is not among the values', "write yes or no")
        return text.lower() == "yes"

    def _expect(self, token: Token, expectations: Expectations) -> None:
        try:
            expectations.add(token.strip())
        except FieldError as error:
            offset = error.offset if isinstance(error, ExpectationError) else 0
            self._notes.at(self._place(token, offset), error.message, error.hint)

    def _text(self, token: Token) -> str:
        """The quoted text at the end of a token."""
        text = token.rstrip()
        start = text.index('"')
        value = unquoted(text[start:])
        control = control_character_at(value)
        if control is not None:
            place = self._place(token, start)
            place = inside(place, self._notes.lines[place.line - 1], control)
            self._notes.at(place, "a control character", "leave it out")
        return value

    def _place(self, token: Token, offset: int = 0) -> Location:
        return Location(self._notes.file, token.line or 1, (token.column or 1) + offset)


def _note(notes: Notes, error: UnexpectedInput) -> None:
    """Notes a place where the grammar does not take the text."""
    if is_at_end(error):
        notes.add(len(notes.lines), len(notes.lines[-1]) + 1, "the file ends inside a case", "} is missing")
        return
    line = notes.lines[error.line - 1]
    rest = line[error.column - 1 :].strip()
    word = rest.split(maxsplit=1)[0][:40] if rest else ""
    if isinstance(error, UnexpectedToken):
        notes.add(
            error.line, error.column, f"'{word}' in the wrong place", f"outside a case: {STATEMENTS}; inside: fields"
        )
        return
    assert isinstance(error, UnexpectedCharacters)
    if rest.count('"') % 2:
        notes.add(error.line, error.column, "a string without end", 'close it with " on the same line')
    elif error.allowed and "RBRACE" in error.allowed:
        known = next((name for name in FIELDS if plain_words(rest).startswith(name)), "")
        message = f"{known} has no value that it takes" if known else f"'{word}' is not a field"
        hint = _FIELD_HINTS.get(known, "write one word") if known else suggestion(word, FIELDS)
        notes.add(error.line, error.column, message, hint or f"a case has {listing(FIELDS)}")
    else:
        notes.add(error.line, error.column, f"'{word}' is not understood", f"write {STATEMENTS}")
