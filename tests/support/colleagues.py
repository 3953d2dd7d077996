"""What makes an edge in memory one of two workers; what it says to the other one is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sipedge.bus.bus import Bus
from sipedge.bus.directory import Directory
from sipedge.bus.words import Word
from sipedge.edge.others.colleagues import Colleagues
from tools.fuzz import pair_worker


class Wire(pair_worker.Wire):
    def taken(self, kind: type) -> list[Word]:
        """What was said of that kind since the last call."""
        found = [word for word in self.said if isinstance(word, kind)]
        self.said.clear()
        return found


@contextmanager
def colleagues(worker: int = 0) -> Iterator[Colleagues]:
    memory, *others = [os.memfd_create("test") for _ in range(8)]
    yield Colleagues(Bus(worker), 0, Directory(memory, worker), bytes(32), lambda source: None, {"sip": 5060}, *others)
    for each in (memory, *others):
        os.close(each)
