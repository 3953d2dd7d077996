"""An edge of two workers over TCP, and which of them has what."""

from __future__ import annotations

import time
from pathlib import Path

from support.asked import status
from support.stream import Stream
from support.tcp_edge import Installation

WORKERS = "[edge]\nworkers = 2\n"
MOST = 8
"""The number of a connection, divided by this, leaves that of its worker."""


class Pair(Installation):
    """The same, of two workers."""

    def __init__(self, folder: Path, *more: str) -> None:
        super().__init__(folder)
        self.edge.write(config=self.config(*more))

    def config(self, *more: str, keys: str = "") -> str:
        return super().config(*more, keys=keys).replace("[edge]\n", WORKERS, 1)

    def callers(self) -> tuple[Stream, Stream]:
        """One for each worker: the supervisor gives a connection to who has fewest."""
        return self.call(), self.call()

    def workers_of(self, zone: str) -> list[int]:
        """Which workers have the connections of a zone."""
        told = status(self.folder)["connections"]
        return sorted(each["connection"] % MOST for each in told if each["zone"] == zone)

    def until(self, zone: str, workers: list[int]) -> None:
        end = time.monotonic() + 15
        while (now := self.workers_of(zone)) != workers:
            assert time.monotonic() < end, f"{now} and not {workers} have connections of zone {zone}"
            time.sleep(0.02)


def final(stream: Stream) -> int:
    """The status of the next final response."""
    while True:
        if (code := int(stream.read_message().split(b" ", 2)[1])) >= 200:
            return code
