"""Quick fixes: what a finding says to write, as a change of the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fix:
    """On the line of the finding: what stands from ``start`` to ``end``, columns from 0, becomes ``text``."""

    title: str
    start: int
    end: int
    text: str


def fix_of(finding: str, line: str, column: int, mend: str) -> Fix | None:
    """``finding``: its id, '' for a mistake. ``line``: its text, ``column``: its place in it, from 0. None: none."""
    if finding in _FIXES:
        return _FIXES[finding](line, column, mend)
    meant = re.fullmatch(r'did you mean "([^"]+)"\?', mend)
    written = re.compile(r'"[^"]*"').match(line, column)
    if not meant or not written:
        return None
    return Fix(f'write "{meant[1]}"', column, written.end(), f'"{meant[1]}"')


def _escape(line: str, column: int, mend: str) -> Fix:
    return Fix(r"write \. for the dot", column, column, "\\")


def _leave_out(line: str, column: int, mend: str) -> Fix:
    scheme = re.compile(r"sips?\\?:", re.IGNORECASE).match(line, column)
    end = scheme.end() if scheme else column + 1
    return Fix(f"leave {line[column:end]} out", column, end, "")


def _new_line(text: str) -> Callable[[str, int, str], Fix]:
    def fix(line: str, column: int, mend: str) -> Fix:
        indent = re.match(r"\s*", line)
        blanks = "    " if line.rstrip().endswith("{") or indent is None else indent[0]
        end = len(line.rstrip("\r"))
        return Fix(f"write {text}", end, end, f"\n{blanks}{text}")

    return fix


def _border(line: str, column: int, mend: str) -> Fix | None:
    if mend.startswith("write @ in front"):
        return Fix("write @ in front", column, column, "@")
    ending = re.compile(r"(?:\\.|[\w-])+(\.\*)").match(line, column)
    if not ending or not mend.startswith("close it with "):
        return None
    return Fix(mend, ending.start(1), ending.end(1), "(;.*|:.*)?")


def _whole(line: str, column: int, mend: str) -> Fix | None:
    pattern = mend.removeprefix("did you mean ")
    written = re.compile(r'"(?:[^"]|"")*"').match(line, column)
    if pattern == mend or not written:
        return None
    text = pattern.replace('"', '""')
    return Fix(f"write {pattern}", column, written.end(), f'"{text}"')


_FIXES: dict[str, Callable[[str, int, str], Fix | None]] = {
    "unescaped-dot": _escape,
    "useless-anchor": _leave_out,
    "scheme-in-pattern": _leave_out,
    "strip-by-default": _new_line("behavior leave"),
    "continue-by-default": _new_line("on successful match stop"),
    "open-domain": _border,
    "matches-no-address": _whole,
}
