"""The searches of an Expressway: the ``network.search`` lines of its diagnostic log.

A search writes one line for each rule that it looked at: first the rules that do not apply, then those whose targets
are asked, in the order of priority. A rule behind a Stop has no line. No line names its search. Read off the
logs in Cisco TAC's "Configure and Troubleshoot Webex Hybrid Call Service Connect".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sipedge.traces.records.source import ByteStream, Source

_LINE = re.compile(
    rb'UTCTime="\s*([\d\-: ,.]{19,30})"\s*Module="\s*network\.search\s*"\s*Level="\s*\w+\s*"\s*:\s*Detail="\s*(.*?)\s*"'
    rb"(?=\s|$)"
)
_NO_MATCH = re.compile(r"Search rule '(.*?)' did not match destination alias '(.*)'")
_IGNORED = re.compile(r"Search rule '(.*?)' ignored due to (.*)")
_CONSIDERED = re.compile(
    r"Considering search rule '(.*?)' towards target '(.*?)' at priority '\s*(\d{1,5})\s*' with alias '(.*)'"
)
SILENCE = "no line"
"""``why_not`` of a rule that the log does not show."""
LONGEST_LINE = 1 << 20
_READ = 1 << 18
TOGETHER = 2.0
"""Seconds; lines further apart belong to two searches."""


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One decision of the box about one rule."""

    time: float
    position: int
    """Byte offset of its line in the file."""
    rule: str
    why_not: str = ""
    """'' when the target is asked; ``alias``, or what filtered it ("source filtering")."""
    alias: str = ""
    """The destination alias; of a rule that applies the alias for its target; '' where the line has none."""
    target: str = ""
    priority: int = 0

    def __str__(self) -> str:
        if not self.why_not:
            return f"asks {self.target} at priority {self.priority} as {self.alias}"
        if self.why_not == SILENCE:
            return "no line"
        return "no match" if self.why_not == "alias" else f"ignored due to {self.why_not}"


@dataclass(slots=True)
class BoxSearch:
    lines: list[BoxLine] = field(default_factory=list)

    @property
    def time(self) -> float:
        return self.lines[0].time

    @property
    def alias(self) -> str:
        """The searched alias: of the lines of rules that do not match, else of the first rule whose target is asked."""
        for line in self.lines:
            if line.why_not == "alias":
                return line.alias
        return next((line.alias for line in self.lines if line.alias), "")

    def takes(self, line: BoxLine) -> bool:
        """Whether a line that comes next is of this search."""
        last = self.lines[-1]
        if abs(line.time - last.time) > TOGETHER or line.rule in (known.rule for known in self.lines):
            return False
        if line.why_not and not last.why_not:
            return False
        return line.why_not != "alias" or {known.alias for known in self.lines if known.why_not == "alias"} <= {
            line.alias
        }


def read_searches(file: str) -> Iterator[BoxSearch]:
    """All searches of a log, gzipped or not. Raises TraceError where it cannot be read."""
    with Source(file) as source:
        yield from searches(box_lines(_lines(source)))


def searches(lines: Iterable[BoxLine]) -> Iterator[BoxSearch]:
    search: BoxSearch | None = None
    for line in lines:
        if search is not None and search.takes(line):
            search.lines.append(line)
            continue
        if search is not None:
            yield search
        search = BoxSearch([line])
    if search is not None:
        yield search


def box_lines(lines: Iterable[tuple[int, bytes]]) -> Iterator[BoxLine]:
    """``lines``: byte offset and text; copies from the web may have several records in one line."""
    for position, raw in lines:
        if b"network.search" not in raw:
            continue
        for match in _LINE.finditer(raw):
            line = _box_line(position + match.start(), match[1], match[2].decode("utf-8", "replace"))
            if line is not None:
                yield line


def _box_line(position: int, stamp: bytes, detail: str) -> BoxLine | None:
    time = _seconds(stamp.decode("ascii").strip())
    if match := _NO_MATCH.fullmatch(detail):
        return BoxLine(time, position, match[1].strip(), "alias", match[2].strip())
    if match := _IGNORED.fullmatch(detail):
        return BoxLine(time, position, match[1].strip(), match[2].strip())
    if match := _CONSIDERED.fullmatch(detail):
        return BoxLine(time, position, match[1].strip(), "", match[4].strip(), match[2].strip(), int(match[3]))
    return None


def _seconds(stamp: str) -> float:
    """``2017-09-22 17:56:02,218`` -> seconds since 1970; 0 for what is no time."""
    try:
        return datetime.fromisoformat(stamp.replace(",", ".")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _lines(stream: ByteStream) -> Iterator[tuple[int, bytes]]:
    """Lines with their offset; one that is too long comes in pieces."""
    position, rest = 0, b""
    while data := stream.read(_READ):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield position, line
            position += len(line) + 1
        if len(rest) > LONGEST_LINE:
            yield position, rest
            position, rest = position + len(rest), b""
    yield position, rest
