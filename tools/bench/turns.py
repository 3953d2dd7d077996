"""python -m tools.bench.turns: the longest turns of an event loop in which a large plan comes into force.

With --storm: of an edge to which as many peers as are asked for connect over TLS at the same time, and then close.

In processor time of the loop's thread, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import time
from pathlib import Path

import uvloop

from sipedge.edge.in_force import InForce, Standing, release_in_slices
from sipedge.edge.server import Server
from sipedge.worker.process import settle

from .certificates import make_certificates
from .program import run_in_folder
from .reloads import CONFIG, plan
from .storm import allow_files, config_of, storm

LONG = 0.001
"""Seconds from which on a turn counts."""
MOST_SHOWN = 12


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

    def show(self, about: str) -> None:
        """And begin anew."""
        longest = sorted(self.long, reverse=True)[:MOST_SHOWN]
        shown = ", ".join(f"{seconds * 1000:.1f}" for seconds in longest)
        print(f"{about}: {len(self.long)} turns of more than {LONG * 1000:g} ms, longest: {shown} ms", flush=True)
        self.long.clear()


async def measure_storm(folder: Path, count: int, rounds: int) -> None:
    path, certificates = folder / "edge.toml", make_certificates(folder)
    path.write_text(config_of(certificates))
    (folder / "edge.dialplan").write_text(plan(10, 0))
    server = Server(InForce.read(str(path)), {})
    await server.start()
    serving = asyncio.create_task(server.run())
    settle()
    turns, context = Turns(), multiprocessing.get_context("spawn")
    for number in range(1, rounds + 1):
        pipe, theirs = context.Pipe()
        process = context.Process(target=storm, args=(certificates, count, theirs))
        process.start()
        pipe.send(None)
        seconds, made = await asyncio.to_thread(pipe.recv)
        turns.show(f"storm {number}: {made} handshakes in {seconds:.1f} s")
        pipe.send(None)
        await asyncio.to_thread(process.join)
        while server.parts.connections.counts().accepted:
            await asyncio.sleep(0.01)
        turns.show(f"storm {number}: {made} closed")
    server.stop()
    await serving


async def measure(folder: Path, rules: int, rounds: int) -> None:
    path = folder / "edge.toml"
    path.write_text(CONFIG)
    (folder / "edge.dialplan").write_text(plan(rules, 0))
    force = InForce.read(str(path))
    settle()
    turns = Turns()
    for generation in range(1, rounds + 1):
        (folder / "edge.dialplan").write_text(plan(rules, generation))
        await asyncio.sleep(0)
        turns.long.clear()
        following = await InForce.read_apart(str(path), force.settings.plan)
        Standing(following, time.time()).packed()
        release_in_slices(force.settings.plan)
        force = following
        del following
        await asyncio.sleep(0.1)
        turns.show(f"reload {generation}")


def run(arguments: argparse.Namespace, folder: Path) -> int:
    if arguments.storm:
        allow_files(arguments.storm)
        uvloop.run(measure_storm(folder, arguments.storm, arguments.rounds))
    else:
        uvloop.run(measure(folder, arguments.rules, arguments.rounds))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.turns", description=__doc__)
    parser.add_argument("--rules", type=int, default=2000, help="regex rules (default: 2000)")
    parser.add_argument("--storm", type=int, metavar="PEERS", help="let them connect instead")
    parser.add_argument("--rounds", type=int, default=3, help="each with other patterns (default: 3)")
    arguments = parser.parse_args()
    return run_in_folder("turns", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
