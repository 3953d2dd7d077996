"""One of the two workers of an edge, in a process that does what its parent tells it to (pairs.py), step by step."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from random import Random
from typing import Any, cast

from sipedge.bus.bus import Bus
from sipedge.bus.directory import Directory
from sipedge.bus.stream import Stream
from sipedge.bus.words import Word
from sipedge.edge.others.colleagues import Colleagues
from sipedge.rates import reading
from tools.memory_edge import Far, MemoryEdge, run_edge

from .edges import One, settings

SECRET = b"the same in both of the workers."
PORTS = {"sip": 5060}


class Wire:
    """In place of a stream to the other one: the parent carries what is said."""

    def __init__(self) -> None:
        self.said: list[Word] = []
        self.send = self.said.append

    def close(self) -> None:
        """Nothing is open."""

    def join(self, bus: Bus, worker: int) -> None:
        """As if that one had come."""
        bus._streams[worker] = cast(Stream, self)
        bus.listener.joined(worker)


class Worker:
    def __init__(self, link: Connection, number: int, memory: int, others: Sequence[int]) -> None:
        """``memory`` and ``others``: descriptors in the order of supervisor.orders.Shared."""
        self._link, self._number, self._memory, self._others = link, number, memory, others

    def play(self, seed: int, remembered: int) -> None:
        """Until the parent says ``end``."""
        directory = Directory(self._memory, self._number)
        bus, wire = Bus(self._number), Wire()
        colleagues = Colleagues(bus, 0, directory, SECRET, lambda source: None, PORTS, *self._others)

        async def scenario(edge: MemoryEdge) -> None:
            wire.join(bus, 1 - self._number)
            await self._obey(edge, bus, wire)

        run_edge(replace(settings(Random(seed), remembered), workers=2), scenario, colleagues=colleagues)

    async def _obey(self, edge: MemoryEdge, bus: Bus, wire: Wire) -> None:
        one, accepted, together = One(edge), list[Far](), edge.server._together
        assert together is not None
        do: dict[str, Callable[..., Any]] = {
            "accept": lambda address: accepted.append(edge.accept(address)),
            "write": lambda kind, nth, data: (accepted, one.called())[kind][nth].write_in(data),
            "abort": lambda kind, nth: (accepted, one.called())[kind][nth].abort(),
            "hear": lambda said: bus._taken(1 - self._number, said),
            "later": one.later,
            "change": one.change,
            "left": one.left,
        }
        while (task := self._link.recv()) != ("end",):
            word, *arguments = task
            if word == "turn":
                await edge.turn()
                together.publish()  # else the other one hears of it later, at a time that depends on what was read
                edge.server.parts.stack.poll()  # until then pjsip answers copies of what is answered
                self._link.send((_seen(accepted), _seen(one.called()), [*wire.said]))
                wire.said.clear()
            else:
                self._link.send(do[word](*arguments))


def _seen(fars: Sequence[Far]) -> list[tuple[bytes, bool]]:
    """What each got, and whether it is closed."""
    return [(far.written(), far.is_closing()) for far in fars]


def main() -> None:
    number, link, memory, *others = map(int, sys.argv[1:])
    logging.getLogger("sipedge").setLevel(logging.ERROR)
    reading.SLICE = float("inf")  # else the sizes of reads depend on the clock
    with Connection(link) as parent:
        worker = Worker(parent, number, memory, others)
        while (task := parent.recv()) is not None:
            worker.play(*task)
            parent.send(None)


if __name__ == "__main__":
    main()
