"""Text of a case file -> CaseFile, or one error with its mistakes; and its canonical layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from dialplan.language.fields import TRAFFIC_WORDS, traffic_named
from dialplan.language.layout import FieldText, Lexeme, lay_out
from dialplan.model import Location
from dialplan.notes import Notes, inside
from dialplan.problem import DialplanError, listing, suggestion

from .cases import Case, CaseFile, Expected, ExpectedTarget, PlanStatement, SettingStatement, Statement
from .claims import Claim, ClaimKind
from .claims_parser import ClaimError, parse_claim

MAX_FILE_SIZE = 16 * 1024 * 1024
"""Characters."""
MAX_NAME = 200

FIELDS = ("alias", "from zone", "message", "traffic", "method", "event", "authenticated", "expect")
STATEMENTS = 'plan "file", case "name" { }, never, only or always and what'
EXPECTATIONS = (
    'rule "name", zone "name", as "alias", priority N, stop or continue (of one target); no match; more; '
    'transform "name"; no transform; searched "alias"'
)
_FIELD_HINTS = {
    "alias": 'write: alias "user@domain"',
    "from zone": 'write: from zone "name"',
    "message": 'write: message "file.sip"',
    "expect": f"write one of: {EXPECTATIONS}",
}
_TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~"
"""RFC 3261 25.1."""


def parse_cases(text: str, file: str) -> CaseFile:
    """``file`` is the name for messages. Raise DialplanError."""
    notes = Notes(file, text)
    if len(text) > MAX_FILE_SIZE:
        notes.add(1, 1, f"a file of {len(text)} characters", f"{MAX_FILE_SIZE} at most")
        raise DialplanError(notes.problems)
    try:
        tree = _lark("cases").parse(text)
    except UnexpectedInput as error:
        _explain(notes, error)
        raise DialplanError(notes.problems) from None
    builder = _Builder(notes)
    statements = [builder.statement(child) for child in tree.children]
    builder.check_names(statements)
    if notes.problems:
        raise DialplanError(notes.problems)
    return CaseFile(file, text, tuple(statements))


def format_cases(text: str, file: str) -> str:
    """Raise DialplanError."""
    parse_cases(text, file)
    lexemes = (Lexeme(token.type, str(token), token.start_pos or 0) for token in _lark("cases").lex(text))
    return lay_out(text, lexemes, _canonical)


def _canonical(block: str, lexeme: Lexeme) -> FieldText:
    """Words in lower case (a method in upper case), single blanks; the order stays, as expectations have one."""
    parts = lexeme.text.strip().split('"')
    for number in range(0, len(parts), 2):
        parts[number] = " ".join(parts[number].lower().split())
    text = parts[0]
    for number in range(1, len(parts), 2):
        text += f' "{parts[number]}"' if parts[number - 1] or number == 1 else f'"{parts[number]}"'
        text += f" {parts[number + 1]}" if parts[number + 1] else ""
    name, _, value = text.partition(" ")
    return FieldText(f"{name} {value.upper()}" if name == "method" else text)


@cache
def _lark(name: str) -> Lark:
    return Lark(files(__package__).joinpath(f"{name}.lark").read_text("utf-8"), parser="lalr")


class _Builder:
    """Statements out of the tree; every mistake noted at its place."""

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
        name = " ".join(str(token).partition('"')[0].lower().split())
        return SettingStatement(name, self._text(token), self._place(token))

    def _claim(self, token: Token) -> Claim:
        try:
            return parse_claim(str(token), self._place(token))
        except ClaimError as error:
            self._notes.at(self._place(token, error.offset), error.message, error.hint)
            return Claim(kind=ClaimKind.NEVER, text=str(token))

    def _case(self, tokens: list[Token]) -> Case:
        where = self._place(tokens[0])
        values: dict[str, Any] = {"name": self._text(tokens[1]), "location": where}
        places: dict[str, Location] = {}
        expected: dict[str, Any] = {}
        if not 0 < len(values["name"]) <= MAX_NAME:
            message = f"a name of {len(values['name'])} characters"
            self._notes.at(self._place(tokens[1]), message, f"1 to {MAX_NAME} characters")
        for token in tokens[2:]:
            if token.type == "EXPECT_FIELD":
                self._expect(token, expected)
            else:
                self._field(token, values, places)
        if "from zone" not in places:
            self._notes.at(where, "a case without a source", 'write: from zone "name"')
        if "alias" not in places and "message" not in places:
            self._notes.at(where, "a case without a request", 'write: alias "user@domain" (or message "file.sip")')
        if not any(token.type == "EXPECT_FIELD" for token in tokens):
            self._notes.at(where, "a case that expects nothing", f"write expect and one of: {EXPECTATIONS}")
        if "more" in expected and not expected.get("targets"):
            self._notes.at(where, "expect more without a target before it", f"write expect and one of: {EXPECTATIONS}")
        values.setdefault("source", "")
        return Case(**values, places=places, expected=_expected(expected))

    def _field(self, token: Token, values: dict[str, Any], places: dict[str, Location]) -> None:
        text = str(token).strip()
        if token.type == "TEXT_FIELD":
            name, value = " ".join(text.partition('"')[0].lower().split()), self._text(token)
        else:
            name, value = text.split(maxsplit=1)[0].lower(), " ".join(text.split()[1:])
        if name in places:
            self._notes.at(
                self._place(token), f"{name} a second time", f"it is set in line {places[name].line} already"
            )
            return
        places[name] = self._place(token)
        attribute = "source" if name == "from zone" else name
        values[attribute] = self._value(name, value, token)

    def _value(self, name: str, value: str, token: Token) -> Any:
        place = self._place(token)
        if name == "traffic":
            traffic = traffic_named(value)
            if traffic is None:
                hint = suggestion(value, TRAFFIC_WORDS) or f"write {listing(list(TRAFFIC_WORDS))}"
                self._notes.at(place, f'"{value}" is not a kind of traffic', hint)
            return traffic
        if name == "authenticated":
            if value.lower() not in ("yes", "no"):
                self._notes.at(place, f'"{value}" is not among the values', "write yes or no")
            return value.lower() == "yes"
        if name in ("method", "event") and not set(value) <= set(_TOKEN):
            self._notes.at(place, f'"{value}" is not a token', "write one word, like NOTIFY")
        elif not value:
            self._notes.at(place, f"an empty {name}", "write something between the quotes")
        return value.upper() if name == "method" else value

    def _expect(self, token: Token, expected: dict[str, Any]) -> None:
        text = str(token).strip()
        try:
            node = _lark("expectation").parse(text).children[0]
        except UnexpectedInput as error:
            ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
            place = self._place(token, len(text) if ended else error.column - 1)
            self._notes.at(place, "an expectation that is not understood", f"expect takes {EXPECTATIONS}")
            return
        assert isinstance(node, Tree)
        key, value = _expectation(node)
        problem = _conflict(key, expected)
        if problem:
            self._notes.at(self._place(token), *problem)
        elif key == "target":
            expected.setdefault("targets", []).append(ExpectedTarget(**value))
            if len(value) < len(node.children):
                self._notes.at(self._place(token), "a part of a target a second time", "write each once")
        else:
            expected["targets" if key == "no_match" else key] = value

    def _text(self, token: Token) -> str:
        """The quoted text at the end of a token."""
        text = str(token).rstrip()
        start = text.index('"')
        value = text[start + 1 : -1].replace('""', '"')
        if not value.isprintable():
            at = next(number for number, character in enumerate(value) if not character.isprintable())
            place = self._place(token, start)
            place = inside(place, self._notes.lines[place.line - 1], at)
            self._notes.at(place, "a control character", "leave it out")
        return value

    def _place(self, token: Token, offset: int = 0) -> Location:
        return Location(self._notes.file, token.line or 1, (token.column or 1) + offset)


def _expectation(node: Tree[Token]) -> tuple[str, Any]:
    """(what is expected, its value): for a target the values of its parts."""
    if node.data == "target":
        values: dict[str, Any] = {}
        for part in node.children:
            assert isinstance(part, Tree)
            name = str(part.data)
            if name in ("stop", "go_on"):
                values["stop"] = name == "stop"
            else:
                value = _unquoted(part.children[0])
                values[name] = int(value) if name == "priority" else value
        return "target", values
    fixed = {"no_match": ("no_match", []), "no_transform": ("transform", ""), "more": ("more", True)}
    return fixed.get(str(node.data)) or (str(node.data), _unquoted(node.children[0]))


def _unquoted(token: object) -> str:
    text = str(token)
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _conflict(key: str, expected: dict[str, Any]) -> tuple[str, str] | None:
    nothing = expected.get("targets") == []
    if (key in ("transform", "searched", "more") and key in expected) or (key == "no_match" and nothing):
        return f"{key.replace('_', ' ')} a second time", "leave one out"
    if (key in ("target", "more") and nothing) or (key == "no_match" and ("targets" in expected or "more" in expected)):
        return "no match beside a target", "leave one out"
    return None


def _expected(found: dict[str, Any]) -> Expected:
    targets = found.pop("targets", None)
    return Expected(targets=None if targets is None else tuple(targets), **found)


def _explain(notes: Notes, error: UnexpectedInput) -> None:
    """A text that the grammar does not take."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
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
        known = next((name for name in FIELDS if " ".join(rest.lower().split()).startswith(name)), "")
        message = f"{known} has no value that it takes" if known else f"'{word}' is not a field"
        hint = _FIELD_HINTS.get(known, "write one word") if known else suggestion(word, FIELDS)
        notes.add(error.line, error.column, message, hint or f"a case has {listing(FIELDS)}")
    else:
        notes.add(error.line, error.column, f"'{word}' is not understood", f"write {STATEMENTS}")
