"""One TOML file: its data, its positions, and the problems found in it so far."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dialplan.model import Location
from dialplan.problem import Problem
from sipedge.printable import escaped

from .positions import Path, Positions, read_positions
from .problems import ConfigError, did_you_mean, file_problem
from .schema import zones_with
from .sentences import sentence_of
from .texts import OnDisk, Texts

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Reader:
    """``data`` is as tomllib gives it: nothing in it is checked yet."""

    file: str
    text: str
    data: dict[str, Any]
    positions: Positions
    texts: Texts
    """Where the files are read that it names."""
    problems: list[Problem] = field(default_factory=list)

    def problem(
        self, path: Path, message: str, hint: str = "", at_key: bool = False, within: tuple[str, int] = ("", 0)
    ) -> None:
        """``within``: a text value and the offset in it that is meant."""
        line, column = self.positions.of_key(path) if at_key else self.positions.of_value(path)
        source = self.positions.line(line)
        column += _offset(source[column - 1 :], *within)
        secret = path[:1] == ("credential",) or "passw" in source.casefold()
        shown = _without_secret(source) if secret else source
        self.problems.append(Problem(Location(self.file, line, column), escaped(message), escaped(hint), shown))

    def validate(self, model: type[Model], raw: Any, path: Path, table: str) -> Model | None:
        """The checked table, or None with a problem for each thing that is wrong with it."""
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                location = detail["loc"]
                if detail["type"] == "too_short" and detail["input"]:
                    continue  # its entries are bad, and each of them is reported
                sentence, hint = sentence_of(detail, _table_name(table, location), _keys_at(model, location))
                is_unknown = detail["type"] == "extra_forbidden"
                kinds = (
                    zones_with(str(location[0])) if is_unknown and len(location) == 1 and path[:1] == ("zone",) else ""
                )
                self.problem((*path, *location), sentence, kinds or hint, at_key=is_unknown)
            return None

    def table(self, name: str) -> Any:
        return self.data.get(name, {})

    def array(self, name: str, within: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
        """(path, raw table) for each element of an array of tables; what is no table is reported and left out."""
        raw: Any = self.data
        for part in within:
            raw = raw[part]
        entries = raw.get(name, [])
        if not isinstance(entries, list):
            self.problem((*within, name), f'"{name}" must be an array of tables', f"write it under [[{name}]]", True)
            return
        for index, entry in enumerate(entries):
            path = (*within, name, index)
            if isinstance(entry, dict):
                yield path, entry
            else:
                self.problem(path, f'"{name}" must hold tables only', f"write each one under [[{name}]]")

    def only_known(self, known: Iterable[str]) -> None:
        """Reports tables at the top of the file that mean nothing."""
        for key in self.data.keys() - set(known):
            self.problem((key,), f'there is no table "{key}"', did_you_mean(key, known), at_key=True)


def open_toml(file: str, texts: Texts | None = None) -> Reader:
    """Reads a file. Raises ConfigError where it cannot be read or is no TOML. ``texts``: None for the disk."""
    texts = texts or OnDisk()
    try:
        raw = texts.read(file)
    except OSError as error:
        raise ConfigError([file_problem(file, f"cannot be read: {error.strerror}")]) from None
    text = _decoded(file, raw)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(file, text, str(error))]) from None
    return Reader(file, text, data, read_positions(text), texts)


def _decoded(file: str, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        shown = before[before.rfind("\n") + 1 :] + "\N{REPLACEMENT CHARACTER}"
        problem = Problem(Location(file, line, column), "this is not UTF-8 text", "save the file as UTF-8", shown)
        raise ConfigError([problem]) from None


ARRAYS = (
    "listener",
    "zone",
    "zone.access_rule",
    "credential",
    "tls.server",
    "xmpp.route",
    "web.meeting_server",
    "web.publish",
    "turn.user",
)

_SYNTAX_HINTS = {
    "Invalid value": "text is written in quotes; true, false and numbers without",
    "Expected '=' after a key": 'a line is key = value; a key with blanks is written in quotes: "my key"',
    "Expected newline or end of document": "one key and value a line; text is written in quotes",
    "Cannot overwrite a value": "each key may stand only once in a table",
    "Cannot declare": "each table may stand only once; a list of tables has double brackets: [[zone]]",
    "Unclosed array": "close the array with ]",
    "Unterminated string": "close the text with a quote",
    "Illegal character": "text in quotes ends on the line where it begins; a backslash is written \\\\",
    "Unescaped '\\' in a string": "write a backslash as \\\\, or the text in single quotes",
}


def _syntax_problem(file: str, text: str, words: str) -> Problem:
    """tomllib's words end in ``(at line 3, column 7)`` or ``(at end of document)``."""
    message, _, place = words.rpartition(" (at ")
    lines = text.replace("\r\n", "\n").split("\n")
    numbers = [int(word) for word in place.rstrip(")").replace(",", "").split() if word.isdigit()]
    line, column = numbers if len(numbers) == 2 else (len(lines), len(lines[-1]) + 1)
    header = re.match(r"\s*\[\s*([\w.]+)\s*\]", lines[line - 1])
    if header and header[1] in ARRAYS:
        line = next(number for number, text in enumerate(lines, 1) if re.match(rf"\s*\[\s*{header[1]}\s*\]", text))
        message = f"[{header[1]}] is one table, and there are several"
        return Problem(Location(file, line, 1), message, f"write [[{header[1]}]], each time", lines[line - 1])
    hint = next((hint for start, hint in _SYNTAX_HINTS.items() if message.startswith(start)), "")
    shown = lines[line - 1]
    if _in_credential(lines, line) or "passw" in shown.casefold():
        message, shown = message.partition(" '")[0], _without_secret(shown)
    return Problem(Location(file, line, column), f"this is not TOML: {message}", hint, shown)


def _in_credential(lines: list[str], line: int) -> bool:
    headers = [text.strip() for text in lines[:line] if text.lstrip().startswith("[")]
    return bool(headers) and headers[-1].strip("[] ").startswith("credential")


def _offset(written: str, text: str, offset: int) -> int:
    """How far into the written form a place in the text is; 0 where escapes make the two differ."""
    return 1 + offset if text and written[1:].startswith(text) else 0


def _without_secret(line: str) -> str:
    """Passwords are never printed: what stands after the first equals sign is left out."""
    key, equals, _ = line.partition("=")
    return f"{key}= ..." if equals else line


def _table_name(table: str, location: tuple[int | str, ...]) -> str:
    inner = [part for part in location[:-1] if isinstance(part, str)]
    return f'"{inner[-1]}" of {table}' if inner else table


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys known where an unknown one was found: those of the model or of a table inside it."""
    for part in location[:-1]:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, getattr(annotation, "__args__", ()))), None)
