"""``# sipedge: ignore ID reason`` in a dial plan: comments of its author that silence findings.

Before the first block the comment is for the whole file. Inside a block, or on a line above one, it is for that block;
behind a field it is for that line. Without a reason it silences nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import Dialplan, Location

_COMMENT = re.compile(r'^((?:[^"#]|"[^"]*")*)#\s*sipedge:\s*ignore\b\s*(\S*)\s*(.*)$', re.IGNORECASE)
_CODE = re.compile(r'"[^"]*"|#.*')


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment. ``first`` and ``last``: the lines that it is for."""

    id: str
    reason: str
    location: Location
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        return (
            finding.id == self.id
            and bool(self.reason)
            and finding.location.file == self.location.file
            and self.first <= finding.location.line <= self.last
        )


def ignores_in(plan: Dialplan) -> list[Ignore]:
    return [ignore for file, text in plan.sources.items() for ignore in _in_file(file, text.split("\n"))]


def _in_file(file: str, lines: list[str]) -> Iterator[Ignore]:
    blocks = list(_blocks(lines))
    for number, line in enumerate(lines, start=1):
        comment = _COMMENT.match(line)
        if comment:
            place = Location(file, number, comment.end(1) + 1)
            first, last = _scope(number, bool(comment[1].strip()), blocks, len(lines))
            yield Ignore(comment[2].lower(), comment[3].strip(), place, first, last)


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """(first line, last line) of each block."""
    start = 0
    for number, line in enumerate(lines, start=1):
        code = _CODE.sub("", line)
        if not start and code.strip():
            start = number
        if "}" in code and start:
            yield start, number
            start = 0


def _scope(number: int, behind_code: bool, blocks: list[tuple[int, int]], lines: int) -> tuple[int, int]:
    """(first line, last line) that a comment in line ``number`` is for."""
    if not blocks or number < blocks[0][0]:
        return 1, lines
    for first, last in blocks:
        if first <= number <= last:
            return (number, number) if behind_code and number != first else (first, last)
        if number < first:
            return first, last
    return number, number


def applied(ignores: Iterable[Ignore], findings: Iterable[Finding], known: Iterable[str]) -> list[Finding]:
    """The findings that are left, and those about the ignores themselves. ``known``: all ids of findings."""
    listed, ids = list(ignores), set(known)
    used: set[Ignore] = set()
    left = []
    for finding in findings:
        covering = [ignore for ignore in listed if ignore.covers(finding)]
        used.update(covering)
        if not covering:
            left.append(finding)
    return left + [finding for ignore in listed for finding in _about(ignore, ids, ignore in used)]


def _about(ignore: Ignore, ids: set[str], used: bool) -> Iterator[Finding]:
    if ignore.id not in ids:
        mend = "ids are the names of the pages in docs/checks"
        yield Finding("unknown-ignore", Level.WARNING, ignore.location, f'there is no finding "{ignore.id}"', mend)
    elif not ignore.reason:
        why = f"{ignore.id} is not ignored: the comment gives no reason"
        mend = f"write why: # sipedge: ignore {ignore.id} because ..."
        yield Finding("ignore-without-reason", Level.WARNING, ignore.location, why, mend)
    elif not used:
        yield Finding(
            "unused-ignore", Level.NOTE, ignore.location, f"there is no {ignore.id} here", "delete the comment"
        )
