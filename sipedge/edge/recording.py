"""Decisions as they are made: kept, counted, and told to those who follow them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time
from typing import NamedTuple

from sipedge.proxy import commands
from sipedge.proxy.history import Entry, History, entry_of
from sipedge.remembered.native.ways import Records
from sipedge.tap.tap import Tap

FAILURES = frozenset((404, 408, *range(500, 600)))
"""Final statuses that tell of a way which does not work, whoever says them: what callers and callees do to each other
(busy, declined, wrong passwords) is none."""


class Outcomes(NamedTuple):
    """Of requests that have their final status, since the start of this process."""

    answered: int = 0
    failed: int = 0
    """Those of them that are FAILURES."""


class Recording:
    """Belongs to the event loop."""

    def __init__(self, kept: int) -> None:
        """``kept``: decisions in memory."""
        self.history = History(kept)
        self.tap: Tap | None = None
        """None when nothing is to be shown to anybody."""
        self.concluded: Callable[[Entry], None] | None = None
        """Told of each decision whose request has its final status."""
        self._answered = self._failed = 0

    @property
    def outcomes(self) -> Outcomes:
        return Outcomes(self._answered, self._failed)

    def record(self, command: commands.Record) -> None:
        command.entry.time, command.entry.begun = time(), perf_counter()
        self.history.add(command.entry)
        if self.tap is not None:
            self.tap.searched(command.entry)

    def conclude(self, command: commands.Conclude) -> None:
        command.entry.seconds = perf_counter() - command.entry.begun
        self._answered += 1
        if command.entry.status in FAILURES:
            self._failed += 1
        if self.tap is not None:
            self.tap.concluded(command.entry)
        if self.concluded is not None:
            self.concluded(command.entry)

    def went_short(self, connection: int, begun: Records, ended: Records, copies: list[bytes]) -> None:
        """What a connection has brought that went the short way, on which all answers are 2xx.

        ``copies``: methods of requests that came again.
        """
        self._answered += len(ended)
        self.history.extend(begun)
        if self.tap is not None:
            self.tap.went_short(connection, begun, ended, copies)
        if self.concluded is not None:
            for record in ended:
                self.concluded(entry_of(record))
