"""Instructions of each stage of a proxied MESSAGE: framing, pjsip, core, apart from sockets and the event loop.

``python -m tools.bench.stages [--keep FOLDER]`` counts them with valgrind; ``--time`` takes processor time instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from pathlib import Path
from time import process_time_ns

from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.commands import Command, Forward, Respond
from sipedge.proxy.events import ConnectionOpened, Event
from sipedge.proxy.proxy import Environment, Proxy
from sipedge.settings import Limits
from sipedge.sip.framing import Frame, Framer
from sipedge.sip.message import Message
from sipedge.worker.process import settle
from zones.zone import FromDomain

from .counting import mark, parts
from .instructions import CALLEE, CALLER, EACH, answered, request, settings
from .program import run_in_folder

STAGES = (
    "frame + index, request",
    "pjsip receive, request",
    "core, request",
    "pjsip forward",
    "frame + index, response",
    "pjsip receive, response",
    "core, response",
    "pjsip respond",
    "timers",
)
WARM_UP, COUNT = 64, 320
"""Transactions before those that count, and those that count, all of them in one stage at a time."""
FAR_END = 4
"""The part between two marks that is no stage's."""
READ = 16
"""Messages in one read."""


class Edge:
    """The parts of an edge without its loop: what one stage makes is what the next one takes."""

    def __init__(self) -> None:
        self._between: Callable[[], None] = _nothing
        self._events: list[Event] = []
        self._stack = Stack(
            emit=self._events.append,
            send=lambda connection, data: None,
            may_answer=lambda branch, connection: False,
            max_message=65536,
            max_transactions=20000,
            max_transactions_per_connection=20000,
        )
        ids = count(1)
        environment = Environment(lambda: f"bench{next(ids):x}", lambda: 0.5, bytes, {})
        self._proxy = Proxy(settings(False, FromDomain.ANY, anew=True), environment)
        self._now = 1000.0
        self._proxy.tick(self._now)
        self._framers = [Framer(Limits()), Framer(Limits())]
        for number, address in ((1, CALLER), (2, CALLEE)):
            ends = Ends(secure=False, local=("203.0.113.1", 5060), remote=(address, 40000 + number))
            self._stack.open(number, ends)
            opened = ConnectionOpened(number, "TCP", address, 40000 + number, "203.0.113.1", 5060, listener="sip")
            self._proxy.handle(opened, self._now)

    def transactions(self, first: int, last: int, between: Callable[[], None]) -> None:
        """Requests with these numbers, and their answers. Raises RuntimeError where one is not answered.

        ``between``: called before and after each stage that frames, and after each other one.
        """
        self._between = between
        requests = self._frame(0, [request(number) for number in range(first, last)])
        forwards = self._through(1, requests)
        for command in forwards:
            if isinstance(command, Forward):
                self._stack.forward(command.branch, 2, command.head, command.body)
        self._between()
        answers = [answered(Message(each.head)).to_bytes() for each in forwards if isinstance(each, Forward)]
        responses = self._frame(1, answers)
        responds = self._through(2, responses)
        for command in responds:
            if isinstance(command, Respond):
                self._stack.respond(command.transaction, command.status, command.data)
        self._between()
        self._now += EACH * (last - first)
        self._stack.poll()
        self._proxy.tick(self._now)
        self._between()
        if len(answers) != last - first or self._stack.counts().servers:
            raise RuntimeError("the edge left a request unanswered")

    def _frame(self, framer: int, messages: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        reads = [b"".join(messages[at : at + READ]) for at in range(0, len(messages), READ)]
        self._between()  # what the parties did does not count
        for read in reads:
            frames += self._framers[framer].feed(read)
        self._between()
        return frames

    def _through(self, connection: int, frames: list[Frame]) -> list[Command]:
        """pjsip, then the core."""
        for frame in frames:
            assert isinstance(frame, Message)
            self._stack.receive(connection, frame)
        self._between()
        commands: list[Command] = []
        for event in self._events:
            commands += self._proxy.handle(event, self._now)
        self._between()
        self._events.clear()
        return commands

    def shutdown(self) -> None:
        self._stack.shutdown()


def _nothing() -> None:
    pass


def run(between: Callable[[], None]) -> None:
    settle()
    edge = Edge()
    edge.transactions(0, WARM_UP, _nothing)
    edge.transactions(WARM_UP, WARM_UP + COUNT, between)
    edge.shutdown()


def counted(folder: Path) -> list[float]:
    """Instructions of each stage for one transaction."""
    return _of_stages(parts(folder, "tools.bench.stages", "--run"))


def timed() -> list[float]:
    """Nanoseconds of processor time."""
    times: list[int] = []
    run(lambda: times.append(process_time_ns()))
    return _of_stages([after - before for before, after in pairwise(times)])


def _of_stages(between_marks: Sequence[int]) -> list[float]:
    """The part before the second framing is the far end's work."""
    return [part / COUNT for number, part in enumerate(between_marks) if number != FAR_END]


def show(figures: Sequence[float], unit: str) -> int:
    for stage, figure in zip((*STAGES, "all"), (*figures, sum(figures)), strict=True):
        print(f"{figure:>10,.0f} {unit}  {stage}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.stages", description=__doc__)
    parser.add_argument("--time", action="store_true", help="processor time instead, which other load disturbs")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep valgrind's profiles, for callgrind_annotate")
    parser.add_argument("--run", action="store_true", help="go through the stages, without counting anything")
    options = parser.parse_args()
    if options.run:
        run(mark)
        return 0
    if options.time:
        return show(timed(), "ns")
    return run_in_folder("stages", lambda folder: show(counted(options.keep or folder), "instructions"))


if __name__ == "__main__":
    sys.exit(main())
