"""Decisions as they are made: kept, counted, and told to those who follow them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time

from sipedge.proxy import commands
from sipedge.proxy.history import Entry, History, entry_of
from sipedge.remembered.native.ways import Records
from sipedge.tap.tap import Tap


class Recording:
    """Belongs to the event loop."""

    def __init__(self, kept: int) -> None:
        """``kept``: decisions in memory."""
        self.history = History(kept)
        self.tap: Tap | None = None
        """None when nothing is to be shown to anybody."""
        self.concluded: Callable[[Entry], None] | None = None
        """Told of each decision whose request has its final status."""

    def record(self, command: commands.Record) -> None:
        command.entry.time, command.entry.begun = time(), perf_counter()
        self.history.add(command.entry)
        if self.tap is not None:
            self.tap.searched(command.entry)

    def conclude(self, command: commands.Conclude) -> None:
        command.entry.seconds = perf_counter() - command.entry.begun
        if self.tap is not None:
            self.tap.concluded(command.entry)
        if self.concluded is not None:
            self.concluded(command.entry)

    def went_short(self, connection: int, begun: Records, ended: Records, copies: list[bytes]) -> None:
        """What a connection has brought that went the short way; ``copies``: methods of requests that came again."""
        self.history.extend(begun)
        if self.tap is not None:
            self.tap.went_short(connection, begun, ended, copies)
        if self.concluded is not None:
            for record in ended:
                self.concluded(entry_of(record))
