"""python -m tools.bench.turns: the longest turns of an event loop in which a large plan comes into force.

In processor time of the loop's thread, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from pathlib import Path

import uvloop

from sipedge.edge.in_force import InForce, release_in_slices
from sipedge.worker.process import GARBAGE_THRESHOLDS

from .program import run_in_folder
from .reloads import CONFIG, plan

LONG = 0.001
"""Seconds from which on a turn counts."""


class Turns:
    """Watches every turn of the loop."""

    def __init__(self) -> None:
        self.long: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._turn(time.thread_time())

    def _turn(self, before: float) -> None:
        now = time.thread_time()
        if now - before > LONG:
            self.long.append(now - before)
        self._loop.call_soon(self._turn, time.thread_time())


async def measure(folder: Path, rules: int, reloads: int) -> None:
    path = folder / "edge.toml"
    path.write_text(CONFIG)
    (folder / "edge.dialplan").write_text(plan(rules, 0))
    force = InForce.read(str(path))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    turns = Turns()
    for generation in range(1, reloads + 1):
        (folder / "edge.dialplan").write_text(plan(rules, generation))
        await asyncio.sleep(0)
        turns.long.clear()
        following = await InForce.read_apart(str(path), force.settings.plan)
        following.packed()
        release_in_slices(force.settings.plan)
        force = following
        del following
        await asyncio.sleep(0.1)
        shown = ", ".join(f"{seconds * 1000:.1f}" for seconds in sorted(turns.long, reverse=True))
        print(f"reload {generation}: turns of more than {LONG * 1000:g} ms: {shown} ms", flush=True)


def run(arguments: argparse.Namespace, folder: Path) -> int:
    uvloop.run(measure(folder, arguments.rules, arguments.reloads))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.turns", description=__doc__)
    parser.add_argument("--rules", type=int, default=2000, help="regex rules (default: 2000)")
    parser.add_argument("--reloads", type=int, default=3, help="each with other patterns (default: 3)")
    arguments = parser.parse_args()
    return run_in_folder("turns", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
