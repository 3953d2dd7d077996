"""A progress bar for long work on traces: on standard error, and only where that is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click

from sipedge.replay.work import Part

WORTH_SHOWING = 4 << 20
"""Bytes below which the work is done before a bar would be seen."""


class Progress:
    """By bytes read of all files together. Does nothing where there is nobody to look."""

    def __init__(self, traces: Sequence[str]) -> None:
        self._sizes = {trace: os.path.getsize(trace) for trace in traces if os.path.isfile(trace)}
        self._behind = 0
        self._file = ""
        self._shown = 0
        total = sum(self._sizes.values())
        wanted = total >= WORTH_SHOWING and sys.stderr.isatty()
        self._bar = click.progressbar(length=total, file=sys.stderr, label="reading") if wanted else None

    def at(self, part: Part) -> None:
        if self._bar is None:
            return
        if part.file != self._file:
            self._behind += self._sizes.get(self._file, 0)
            self._file = part.file
        # A compressed file has more positions than bytes.
        position = self._behind + min(part.position, self._sizes.get(part.file, 0))
        self._bar.update(max(0, position - self._shown))
        self._shown = max(self._shown, position)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, value, traceback)
