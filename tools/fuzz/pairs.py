"""The conversations of edges.py with an edge of two workers, with the short way and without it.

Each worker is a process with an edge of memory; what they tell one another is carried by this one, in order, so that a
conversation is the same each time. Requests come again on other connections, and are cancelled there.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from sipedge.settings import Limits
from sipedge.sip.framing import Frame, Framer
from tools.live.edge import ROOT

from . import edges
from .edges import Player, Step

MEMORIES = 8
"""What two workers share: bus/directory.py and what Colleagues has."""
MORE = 0.25
"""How often a request comes once more, or is cancelled."""
LATER = (0, 0, 1, 2, 4)
"""Steps behind it."""
_METHOD, _CSEQ = re.compile(rb"^[A-Z]+"), re.compile(rb"(?<=\r\nCSeq: )(\d+) [A-Z]+")


def steps(chance: Random, naming: Random) -> list[Step]:
    """As of one worker, and requests of the two connections of one peer that come again on either of them."""
    conversation = edges.steps(chance, naming)
    for place in range(len(conversation) - 1, -1, -1):
        word, peer, *rest = conversation[place]
        if word == "say" and peer < 2 and chance.random() < MORE:
            if chance.random() < 0.1:
                conversation[place] = "cross", peer, *rest
            said = [_cancel(each) if chance.random() < 0.2 else each for each in rest[0]]
            again = "say", chance.choice((peer, 1 - peer, 1 - peer)), said, 0
            conversation.insert(place + 1 + chance.choice(LATER), again)
    return conversation


def _cancel(request: bytes) -> bytes:
    return _CSEQ.sub(rb"\1 CANCEL", _METHOD.sub(b"CANCEL", request, count=1), count=1)


class RemoteFar:
    """A Far in the process of a worker; what it got comes with each turn."""

    def __init__(self, worker: Remote, kind: int, number: int) -> None:
        self._worker, self._place, self._framer = worker, (kind, number), Framer(Limits())
        self._written, self._is_closing = b"", False

    def saw(self, written: bytes, is_closing: bool) -> None:
        self._written += written
        self._is_closing = is_closing

    def write_in(self, data: bytes) -> None:
        self._worker.ask("write", *self._place, data)

    def frames(self) -> list[Frame]:
        frames, self._written = self._framer.feed(self._written), b""
        return frames

    def is_closing(self) -> bool:
        return self._is_closing

    def abort(self) -> None:
        self._is_closing = True
        self._worker.ask("abort", *self._place)


class Remote:
    """The process of a worker. Raises EOFError when it has ended."""

    def __init__(self, number: int, memory: Sequence[int], environment: Mapping[str, str], tree: Path) -> None:
        own, theirs = Pipe()
        self._link: Connection[Any, Any] = own
        command = [sys.executable, "-m", "tools.fuzz.pair_worker", *map(str, (number, theirs.fileno(), *memory))]
        self._process = subprocess.Popen(
            command,
            pass_fds=(theirs.fileno(), *memory),
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0", **environment},
        )
        theirs.close()
        self.accepted: list[RemoteFar] = []
        self.called: list[RemoteFar] = []

    def begin(self, seed: int, remembered: int) -> None:
        self.accepted, self.called = [], []
        self._link.send((seed, remembered))

    def ask(self, *task: object) -> Any:
        self._link.send(task)
        return self._link.recv()

    def accept(self, address: str) -> RemoteFar:
        self.ask("accept", address)
        self.accepted.append(RemoteFar(self, 0, len(self.accepted)))
        return self.accepted[-1]

    def turn(self) -> list[object]:
        """What it says to the other one."""
        accepted, called, said = self.ask("turn")
        self.called += [RemoteFar(self, 1, number) for number in range(len(self.called), len(called))]
        for far, seen in zip([*self.accepted, *self.called], [*accepted, *called], strict=True):
            far.saw(*seen)
        words: list[object] = said
        return words

    def end(self) -> int:
        """Its exit status."""
        self._link.close()
        return self._process.wait()

    def close(self) -> None:
        self._link.send(None)


class Both:
    """The two workers as one edge."""

    def __init__(self, workers: Sequence[Remote], chance: Random) -> None:
        self._workers, self._chance = workers, chance
        self._called: list[RemoteFar] = []

    def accept(self, address: str, port: int) -> RemoteFar:
        return self._chance.choice(self._workers).accept(address)

    def called(self) -> Sequence[RemoteFar]:
        """In the order in which they were seen."""
        self._called += [far for worker in self._workers for far in worker.called if far not in self._called]
        return self._called

    def change(self) -> None:
        for worker in self._workers:
            worker.ask("change")

    async def turn(self) -> None:
        """Until neither has anything to say to the other."""
        said = [worker.turn() for worker in self._workers]
        while any(said):
            for worker, heard in zip(self._workers, reversed(said), strict=True):
                worker.ask("hear", heard)
            said = [worker.turn() for worker in self._workers]

    def later(self, seconds: float) -> None:
        for worker in self._workers:
            worker.ask("later", seconds)

    def left(self) -> list[object]:
        return [note for worker in self._workers for note in worker.ask("left")]


class Pair:
    """``with``: two processes, which may play many conversations. ``environment`` and ``tree``: what they run with."""

    def __init__(self, environment: Mapping[str, str] | None = None, tree: Path = ROOT) -> None:
        self._descriptors = [os.memfd_create("pair") for _ in range(MEMORIES)]
        self._memory = self._descriptors[0]
        self._workers = [Remote(number, self._descriptors, environment or {}, tree) for number in range(2)]
        self.statuses: list[int] = []

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()
        self.statuses = [worker.end() for worker in self._workers]
        for each in self._descriptors:
            os.close(each)

    def play(self, seed: int, short: bool) -> list[object]:
        """What came of a conversation, and what the memory holds that the two share. Raises EOFError."""
        for each in self._descriptors:
            os.ftruncate(each, 0)
        for worker in self._workers:
            worker.begin(seed, 100 if short else 0)
        player = Player(Both(self._workers, Random(seed)))
        asyncio.run(player.play(steps(Random(seed), Random(seed + 1))))
        for worker in self._workers:
            worker.ask("end")
        held = os.pread(self._memory, os.fstat(self._memory).st_size, 0)
        return [*player.notes, hashlib.sha256(held).hexdigest()]

    def difference(self, seed: int) -> str:
        """'' or what the first difference is. Raises EOFError when a worker has ended over it."""
        return edges.difference_of(self.play(seed, True), self.play(seed, False))
