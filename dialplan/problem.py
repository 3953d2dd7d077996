"""Mistakes in a dial plan, each with its place and a hint. One exception carries all mistakes of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from .model import Location

EXCERPT_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. ``str()`` gives several lines for a person: place and message, the line, a caret, the hint."""

    location: Location
    message: str
    hint: str = ""
    source_line: str = ""

    def __str__(self) -> str:
        lines = [f"{self.location}: {self.message}"]
        if self.source_line:
            excerpt, caret = _excerpt(self.source_line, max(self.location.column, 1) - 1)
            lines += [f"    {excerpt}", f"    {' ' * caret}^"]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


class DialplanError(ValueError):
    """A dial plan has mistakes. ``problems`` is never empty and is in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            sorted(
                problems, key=lambda problem: (problem.location.file, problem.location.line, problem.location.column)
            )
        )
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def suggestion(word: str, options: Iterable[str]) -> str:
    """``did you mean "x"?`` when one of the options is close, else ''."""
    by_folded = {option.casefold(): option for option in options}
    close = get_close_matches(word.casefold(), by_folded, n=1)
    return f'did you mean "{by_folded[close[0]]}"?' if close else ""


def listing(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _excerpt(line: str, at: int) -> tuple[str, int]:
    """(the part of a line around an offset, fit for a terminal; the offset inside this part)."""
    start = max(0, at - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
    part = line[start : start + EXCERPT_WIDTH]
    return "".join(character if character.isprintable() else " " for character in part), at - start
