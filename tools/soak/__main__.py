"""python -m tools.soak: one fault after the other under load; a table of what became of every request."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import monotonic

import uvloop

from .faults import FAULTS
from .ledger import Phase
from .load import Load
from .promises import PROMISES
from .report import Row, table
from .world import SHARES, World

GIVE_UP = 36.0
"""Seconds after which a request that is still open stays so: 64*T1 is 32 (RFC 3261 17.1.1.2, 17.1.2.2)."""
WEB = "hold published web services instead: a WebSocket idle for these seconds (default: 600), 200 MB to a slow reader"
GROWTH = 64.0
"""Megabytes that the worker may grow by over a run."""


@dataclass(frozen=True)
class Plan:
    faults: tuple[str, ...]
    minutes: float
    """0: each fault once."""
    rate: float
    fault: float
    """Seconds that a fault lasts, and that it is given to recover."""
    bound: float
    folder: Path | None
    """Where files are kept."""
    workers: int = 1
    web: float = 0.0
    """Seconds that published web services are held for instead; 0: not."""


class Soak:
    """A run: phases one after the other, each judged when its last request can have no answer any more."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world, self._plan = world, plan
        self.load = Load([*world.callers.values()], SHARES, plan.rate)
        self.rows = {fault: Row(fault) for fault in plan.faults}
        self._unjudged: list[Phase] = []
        self.before = 0.0

    async def run(self) -> None:
        load = asyncio.create_task(self.load.run())
        try:
            for fault in self._order():
                await self._strike(fault)
                self._judge(monotonic() - GIVE_UP)
        finally:
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load
        await self._drain()
        self._judge(monotonic())

    def _order(self) -> Iterator[str]:
        end = monotonic() + 60 * self._plan.minutes
        yield from self._plan.faults
        for fault in cycle(self._plan.faults):
            if monotonic() >= end:
                return
            yield fault

    async def _strike(self, fault: str) -> None:
        phase = self._world.ledger.begin(fault, monotonic())
        self._unjudged.append(phase)
        await FAULTS[fault](self._world, self._plan.fault)
        phase.undone = monotonic()
        await asyncio.sleep(max(self._plan.fault, PROMISES[fault].recovery if PROMISES[fault].dies else 0.0))
        phase.ended = monotonic()
        self.before = self.before or self._world.edge.resident()

    async def _drain(self) -> None:
        end = monotonic() + GIVE_UP
        while monotonic() < end and any(phase.open for phase in self._unjudged):
            await asyncio.sleep(0.1)

    def _judge(self, before: float) -> None:
        """The phases that were over by then."""
        over = [phase for phase in self._unjudged if phase.ended <= before]
        for phase in over:
            row = self.rows[phase.name]
            row.add(phase, self._plan.bound, self._world.edge.resident())
            self._world.ledger.forget(phase)
            self._unjudged.remove(phase)

    def broken(self) -> Iterator[str]:
        """A sentence for each broken promise, those of the whole run last."""
        for row in self.rows.values():
            yield from row.broken
        if self._world.ledger.strays:
            yield f"{len(self._world.ledger.strays)} messages belong to no request that waits for them"
        for line in self._world.edge.trouble:
            yield f"the edge's log says: {line}"
        if (now := self._world.edge.resident()) > self.before + GROWTH:
            yield f"the worker grew from {self.before:.0f} to {now:.0f} MB, which is more than {GROWTH:.0f} MB"


async def soak(plan: Plan, folder: Path) -> int:
    async with World(folder, plan.workers) as world:
        run = Soak(world, plan)
        await run.run()
        broken = [*run.broken()]
        print(table([row for row in run.rows.values() if row.requests]))
        print(f"\nworker: {run.before:.0f} MB after the first fault, {world.edge.resident():.0f} MB at the end")
        print(f"load: at most {1000 * run.load.late:.0f} ms late")
    print(*(f"broken: {sentence}" for sentence in broken), sep="\n")
    return 1 if broken else 0


def read_arguments(arguments: Sequence[str] | None = None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0, help="begin no fault after this time (default: all once)")
    parser.add_argument("--faults", default=",".join(FAULTS), help=f"in this order (default: {','.join(FAULTS)})")
    parser.add_argument("--rate", type=float, default=300, help="requests a second in all (default: 300)")
    parser.add_argument("--seconds", type=float, default=5, help="that a fault and its recovery last (default: 5)")
    parser.add_argument("--bound", type=float, default=1, help="seconds for 99 of 100 innocent requests (default: 1)")
    parser.add_argument("--workers", type=int, default=1, help="of the edge (default: 1)")
    parser.add_argument("--web", type=float, nargs="?", const=600.0, default=0.0, help=WEB)
    parser.add_argument("--folder", type=Path, help="keep configuration, log and messages of the edge here")
    read = parser.parse_args(arguments)
    faults = tuple(fault.strip() for fault in read.faults.split(","))
    if unknown := [fault for fault in faults if fault not in FAULTS]:
        parser.error(f"there is no fault {unknown[0]!r}, only {', '.join(FAULTS)}")
    return Plan(faults, read.minutes, read.rate, read.seconds, read.bound, read.folder, read.workers, read.web)


def hold_web_services(seconds: float) -> int:
    """The tests of what lasts, with times and sizes in full."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/sipedge/servers/web/test_lasting.py"]
    return subprocess.run(command, env=os.environ | {"SIPEDGE_WEB_IDLE": str(seconds)}, check=False).returncode


def main() -> int:
    plan = read_arguments()
    if plan.web:
        return hold_web_services(plan.web)
    with contextlib.ExitStack() as stack:
        folder = plan.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sipedge-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        return runner.run(soak(plan, folder))


if __name__ == "__main__":
    sys.exit(main())
