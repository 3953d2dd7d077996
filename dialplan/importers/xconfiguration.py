"""The text of an Expressway's ``xConfiguration`` -> settings by path, with a record of those that were used.

A setting is ``xConfiguration Zones Zone 7 Name: "DMZ"``, with or without ``*c`` before it, quoted or not. A long line
may be folded by the terminal it was copied from; several may have been joined into one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_SIZE = 64 * 1024 * 1024
"""Characters."""
MAX_FOLDS = 40
"""A setting on more lines is cut off."""
HARD_WRAP = 79
"""A line at least this long was cut by a terminal in the middle of a word."""

ON = ("on", "yes", "enabled", "true")
OFF = ("off", "no", "disabled", "false")

_START = re.compile(r"(?:\*c\s+)?xconfig(?:uration)?\s+", re.IGNORECASE)
_JOINED = re.compile(r'(?<=[\s"])\*c\s+xconfig(?:uration)?\s+', re.IGNORECASE)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    path: Path
    """Words, as they are written."""
    value: str
    line: int
    """The first line it is on; 1 is the first of the file."""

    @property
    def name(self) -> str:
        return " ".join(self.path)


@dataclass(frozen=True, slots=True)
class Remark:
    """A note for people about a line of the dump."""

    line: int
    text: str


@dataclass(slots=True)
class Dump:
    settings: list[Setting] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    """About lines that are cut off, joined, repeated, or no settings at all."""
    cut_off: list[Path] = field(default_factory=list)
    """The beginnings of paths whose value is not known."""
    _index: dict[Path, Setting] = field(default_factory=dict)
    _used: set[Path] = field(default_factory=set)
    _lines: dict[Path, int] = field(default_factory=dict)
    """Every beginning of a path -> the first line that has it."""

    def add(self, setting: Setting) -> None:
        """Adds a setting. Of two values for one path the later one counts, as on the box itself."""
        key = _key(setting.path)
        earlier = self._index.get(key)
        if earlier is not None and earlier.value != setting.value:
            text = f'"{setting.name}" has another value in line {earlier.line}; this one counts'
            self.remarks.append(Remark(setting.line, text))
        if earlier is not None:
            self.settings.remove(earlier)
        self.settings.append(setting)
        self._index[key] = setting
        for end in range(1, len(key) + 1):
            self._lines.setdefault(key[:end], setting.line)

    def take(self, *words: str) -> Setting | None:
        """The setting of exactly this path, case aside, which counts as used from now on; None when there is none."""
        key = _key(" ".join(words).split())
        setting = self._index.get(key)
        if setting is not None:
            self._used.add(key)
        return setting

    def under(self, *words: str) -> View:
        return View(self, " ".join(words))

    def indexes(self, *words: str) -> list[int]:
        """The numbers that follow a path: 7 for ``Zones Zone 7 Name`` and the path ``Zones Zone``."""
        start = _key(" ".join(words).split())
        numbers = {key[len(start)] for key in self._index if key[: len(start)] == start and len(key) > len(start)}
        return sorted(int(number) for number in numbers if number.isascii() and number.isdigit())

    def line(self, *words: str) -> int:
        """The first line below a path; 0 when there is none."""
        return self._lines.get(_key(" ".join(words).split()), 0)

    def unused(self) -> list[Setting]:
        """The settings that nobody took, in the order of the dump."""
        return [setting for setting in self.settings if _key(setting.path) not in self._used]


@dataclass(frozen=True, slots=True)
class View:
    """The settings below a path."""

    dump: Dump
    prefix: str

    def take(self, words: str) -> Setting | None:
        return self.dump.take(self.prefix, words)

    def text(self, words: str, default: str = "") -> str:
        setting = self.take(words)
        return setting.value if setting else default

    def word(self, words: str, default: str = "") -> str:
        """A value of a fixed vocabulary, in lower case without blanks."""
        return "".join(self.text(words, default).lower().split())

    def on(self, words: str, default: bool = False, unknown: bool = False) -> bool:
        """``default``: without a value; ``unknown``: with one that is neither on nor off."""
        word = self.word(words)
        if word in ON or not word:
            return bool(word) or default
        return unknown and word not in OFF

    @property
    def is_cut_off(self) -> bool:
        """Whether a setting below the path has no value that is known."""
        start = _key(self.prefix.split())
        return any(_key(path)[: len(start)] == start for path in self.dump.cut_off)

    def line(self, words: str = "") -> int:
        """The first line of the setting, or of all below it; 0 when there is none."""
        return self.dump.line(self.prefix, words)

    def indexes(self, words: str) -> list[int]:
        return self.dump.indexes(self.prefix, words)


def read_dump(text: str) -> Dump:
    """Reads any text: a line that is not understood becomes a remark."""
    dump = Dump()
    for line, logical in _logical_lines(text.removeprefix("\ufeff"), dump):
        starts = [match.start() for match in _JOINED.finditer(logical)]
        for begin, end in zip([0, *starts], [*starts, len(logical)], strict=True):
            _read_setting(dump, line, logical[begin:end].strip())
    dump.remarks.sort(key=lambda remark: remark.line)
    return dump


def _logical_lines(text: str, dump: Dump) -> Iterator[tuple[int, str]]:
    """(line number, the line with its folds joined) of everything that begins like a setting."""
    current, start, folded, full = "", 0, 0, False
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip("\r")
        if current and folded < MAX_FOLDS and _is_fold(current, line, full):
            current = _joined(current, line, full)
            folded, full = folded + 1, len(line) >= HARD_WRAP
            continue
        if current:
            yield from _told(dump, start, current, folded)
        is_setting = _START.match(line.lstrip()) is not None
        current, start, folded, full = line.lstrip() if is_setting else "", number, 0, len(line) >= HARD_WRAP
        if not is_setting and line.strip() and not line.lstrip().startswith("#"):
            dump.remarks.append(Remark(number, f"not a setting: {line.strip()[:60]}"))
    if current:
        yield from _told(dump, start, current, folded)


def _told(dump: Dump, line: int, text: str, folded: int) -> Iterator[tuple[int, str]]:
    if folded:
        dump.remarks.append(Remark(line, f"folded over {folded + 1} lines, read as: {_shown(text)}"))
    yield line, text


def _is_fold(current: str, line: str, full: bool) -> bool:
    """Whether a line continues the setting before it, ``current``.

    It does when that has no value yet or an open quote, when this line is indented, or when the line before was
    ``full``.
    """
    rest = line.strip()
    if not rest or rest.startswith(("#", "*")) or _START.match(rest):
        return False
    _, colon, value = current.partition(":")
    value = value.strip()
    if not colon:
        return True
    if value.startswith('"'):
        return len(value) == 1 or not value.endswith('"')
    return bool(value) and (line[0] in " \t" or full)


def _joined(current: str, line: str, full: bool) -> str:
    """The two lines as one: with a blank between, or with none when a full line was cut in the middle of a word."""
    if line[0] in " \t" or current[-1] in " \t":
        return f"{current.rstrip()} {line.strip()}"
    return current + line.rstrip() if full or '"' in current else f"{current} {line.strip()}"


def _read_setting(dump: Dump, line: int, text: str) -> None:
    path, colon, value = text[_START.match(text).end() :].partition(":")  # type: ignore[union-attr]  # both callers
    words = tuple(path.split())
    value = value.strip()
    if not colon:
        dump.cut_off.append(words)
        dump.remarks.append(Remark(line, f"cut off, not used: {_shown(text)}"))
        return
    if value.startswith('"'):
        if len(value) == 1 or '"' not in value[1:]:
            dump.cut_off.append(words)
            dump.remarks.append(Remark(line, f"cut off, not used: {_shown(text)}"))
            return
        end = value.rindex('"')
        if value[end + 1 :].strip():
            dump.remarks.append(Remark(line, f'behind the value of "{" ".join(words)}": {_shown(value[end + 1 :])}'))
        value = value[1:end]
    dump.add(Setting(words, value, line))


def _shown(text: str) -> str:
    """The beginning of a setting without its value, which may be a secret."""
    path, colon, _ = text.partition(":")
    return path.strip()[:100] + (": ..." if colon else "")


def _key(words: Path | list[str]) -> Path:
    return tuple(word.casefold() for word in words)
