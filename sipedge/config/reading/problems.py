"""Errors of the configuration: a list of the dial plan's problems, so that all files speak alike."""

from __future__ import annotations

from collections.abc import Iterable

from dialplan.model import Location
from dialplan.problem import Problem, suggestion

LISTED_AT_MOST = 40


class ConfigError(Exception):
    """A configuration that cannot be used. ``problems`` holds all that was found and is never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def file_problem(file: str, message: str, hint: str = "") -> Problem:
    """A problem with a file as a whole."""
    return Problem(Location(file, 1, 1), message, hint)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else the list of all (when it is short enough to read)."""
    words = list(dict.fromkeys(known))
    listed = f"known: {', '.join(words)}" if 0 < len(words) <= LISTED_AT_MOST else ""
    return suggestion(word, words) or listed
