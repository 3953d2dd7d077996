"""A block of a plan changed, added or taken out in the plan's text: what lies around it stays as it is, byte for byte.

Inside a block that changes, fields that stay the same keep their spelling and their place, and comments keep theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from dialplan.model import Dialplan, Entry, Location

from .fields import FIELD_NAMES
from .format import field_in, field_text, needed_field, write_entry
from .layout import INDENT, Lexeme
from .parser import lexemes
from .spelling import quoted

_Edit = tuple[int, int, str]
"""From where to where in the text, and what takes its place."""
_BLANKS = " \t\r"


def with_changed(text: str, changes: Iterable[tuple[Entry, Entry]]) -> str:
    """``changes``: entries as they were parsed from ``text``, each with what it becomes, of the same kind and without
    control characters."""
    below_first = sorted(changes, key=lambda pair: (pair[0].location.line, pair[0].location.column), reverse=True)
    for old, new in below_first:
        text = _edited(text, _Block(text, old.location).changes(old, new))
    return text


def with_added(text: str, plan: Dialplan, entry: Entry) -> str:
    """``plan``: of ``text``. The entry stands behind the last of its kind that comes before it or with it, else at the
    end."""
    before = [each for each in plan.entries if each.kind is entry.kind and each.priority <= entry.priority]
    last = max(before, key=lambda each: (each.priority, each.location.line), default=None)
    end = _Block(text, last.location).end if last else len(text)
    newline = _newline(text)
    written = write_entry(entry).replace("\n", newline)
    above = "" if not text[:end].strip() else newline if text[:end].endswith("\n") else 2 * newline
    below = newline if text[end:].split("\n", 1)[0].strip() else ""
    return text[:end] + above + written + below + text[end:]


def without(text: str, entry: Entry) -> str:
    """``entry``: as it was parsed from ``text``. Comments in the lines right above go with it, but not those above the
    first block, which are the file's."""
    block = _Block(text, entry.location)
    start, end = block.start, block.end
    if text[:start].rpartition("\n")[2].strip():  # behind another block, on its line
        return text[:start].rstrip(_BLANKS) + ("" if end == len(text) else _newline(text)) + text[end:]
    start = text.rfind("\n", 0, start) + 1
    if next(lexemes(text)).start != block.start:
        start = _own_comments(text, start)
    newline = _newline(text)
    apart = not text[:start] or text[:start].endswith(2 * newline)
    if apart and text[end:].startswith(newline):
        end += len(newline)
    elif apart and end == len(text):
        start = max(start - len(newline), 0)
    return text[:start] + text[end:]


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where fields are put in. ``here``: in the middle of a line, behind something; else at the beginning of one."""

    offset: int
    here: bool


class _Block:
    """The tokens of one block, with their offsets in the whole text."""

    def __init__(self, text: str, location: Location) -> None:
        self._text = text
        self.start = _offset(text, location)
        found = list(_until_brace(text, self.start))
        self._name, self._opening, self._closing = found[1], found[2], found[-1]
        self._fields = {field_in(lexeme.text): lexeme for lexeme in found[3:-1]}
        self._indent = next(filter(None, map(self._indent_of, found[3:-1])), INDENT)

    @property
    def end(self) -> int:
        """Behind the line of its closing brace; behind the brace where another block follows on that line."""
        return self._spot(self._closing).offset

    def changes(self, old: Entry, new: Entry) -> Iterator[_Edit]:
        if old.name != new.name:
            yield self._name.start, _end(self._name), quoted(new.name)
        spots: dict[_Spot, list[str]] = {}
        last = self._opening
        for name in FIELD_NAMES[new.kind]:
            lexeme, needed = self._fields.get(name), needed_field(name, new)
            if lexeme is not None:
                last = lexeme
                if field_text(name, old) != field_text(name, new):
                    yield self._in_place(lexeme, needed, field_text(name, new))
            elif needed and needed != needed_field(name, old):
                spots.setdefault(self._spot(last), []).append(needed)
        for spot, fields in spots.items():
            yield self._put_in(spot, fields)

    def _in_place(self, lexeme: Lexeme, needed: str, text: str) -> _Edit:
        """A field that need not be written goes with its line, unless something else is there."""
        start, end = lexeme.start, _end(lexeme)
        line = self._text.rfind("\n", 0, start) + 1
        rest = self._rest(end)
        if not needed and not (self._text[line:start] + rest).strip():
            return line, end + len(rest) + 1, ""
        follows = rest.strip()[:1] not in ("", "#", "}")  # what follows words in their line would be one of them
        return start, end, text + (_newline(self._text) + self._indent if follows else "")

    def _put_in(self, spot: _Spot, fields: list[str]) -> _Edit:
        newline = _newline(self._text)
        if not spot.here:
            return spot.offset, spot.offset, "".join(self._indent + field + newline for field in fields)
        follows = "" if self._rest(spot.offset).strip().startswith("}") else self._indent
        lines = "".join(newline + self._indent + field for field in fields)
        return spot.offset, spot.offset, lines + newline + follows

    def _spot(self, lexeme: Lexeme) -> _Spot:
        """Behind it, and behind the comment in its line."""
        rest = self._rest(_end(lexeme))
        if rest.strip() and not rest.strip().startswith("#"):
            return _Spot(_end(lexeme), True)
        return _Spot(min(_end(lexeme) + len(rest) + 1, len(self._text)), False)

    def _rest(self, offset: int) -> str:
        """Of the line."""
        end = self._text.find("\n", offset)
        return self._text[offset : end if end >= 0 else len(self._text)]

    def _indent_of(self, lexeme: Lexeme) -> str:
        before = self._text[self._text.rfind("\n", 0, lexeme.start) + 1 : lexeme.start]
        return "" if before.strip() else before


def _until_brace(text: str, start: int) -> Iterator[Lexeme]:
    for lexeme in lexemes(text[start:]):
        yield lexeme._replace(start=lexeme.start + start)
        if lexeme.kind == "RBRACE":
            return


def _edited(text: str, edits: Iterable[_Edit]) -> str:
    parts, position = [], 0
    for start, end, instead in sorted(edits, key=itemgetter(0, 1)):
        parts += [text[position:start], instead]
        position = end
    return "".join([*parts, text[position:]])


def _own_comments(text: str, start: int) -> int:
    """``start``: of a line. The beginning of the comments in the lines right above."""
    while True:
        line = text.rfind("\n", 0, max(start - 1, 0)) + 1
        if line == start or not text[line:start].strip().startswith("#"):
            return start
        start = line


def _offset(text: str, location: Location) -> int:
    start = 0
    for _ in range(location.line - 1):
        start = text.index("\n", start) + 1
    return start + location.column - 1


def _end(lexeme: Lexeme) -> int:
    return lexeme.start + len(lexeme.text.rstrip())


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
