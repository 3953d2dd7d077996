"""Verdicts of a replay compared with others of the same trace, part by part."""

from __future__ import annotations

from collections.abc import Iterator

from sipedge.replay.changes import Changes, SavedError, saved_lines
from sipedge.replay.verdict import numbered
from sipedge.replay.work import Part


class Comparison:
    """Of parts with what was saved, or of the second configuration with the first."""

    def __init__(self, expect: str | None) -> None:
        """``expect``: file of saved verdicts; None where there is a second configuration."""
        self.changes = Changes()
        self._saved = None if expect is None else saved_lines(expect)

    def take(self, part: Part) -> None:
        """Raises SavedError."""
        if self._saved is None:
            for old, new in zip(verdict_lines(part, 1), verdict_lines(part, 0), strict=True):
                self.changes.add(old, new)
            return
        for new in verdict_lines(part, 0):
            line = next(self._saved, None)
            if line is None:
                raise SavedError("the saved verdicts are of another trace: they have fewer requests")
            self.changes.add(line, new)

    def end(self) -> None:
        """Raises SavedError."""
        if self._saved is not None and next(self._saved, None) is not None:
            raise SavedError("the saved verdicts are of another trace: they have more requests")

    def close(self) -> None:
        """Also the file of saved verdicts, of which the rest is not wanted where something is wrong."""
        if self._saved is not None:
            self._saved.close()


def verdict_lines(part: Part, plan: int) -> Iterator[str]:
    """The verdicts of one configuration, 0 or 1, as JSON."""
    return (numbered(part.start + number, tail) for number, tail in zip(part.numbers, part.tails[plan], strict=True))
