"""python -m tools.bench.reloads: what a reload of a large plan, or a crash, costs the requests of that time.

A plan of regex rules is reloaded again and again under a steady load, once with other patterns each time and once with
the same. The same load without reloads takes turns with these, because the machine has other work, too.
Then the worker gets SIGKILL in the middle of a load, with a new edge each time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path

from .program import run_in_folder
from .steady import CALLEE, CALLER, EDGE, PORT, Seen, Steady

TARGET = "sip:bob@far.example"
MEGABYTE = 1024 * 1024
STARTED, IN_FORCE = " serves ", "is in force"
START_LIMIT = 60.0
SETTLE = 2.0
"""Seconds between the end of the process that reads and the next load: the worker compiles meanwhile."""

CONFIG = f"""\
[edge]
workers = 1
system_name = "edge.example.com"
domains = ["near.example"]
dialplans = ["edge.dialplan"]

[[listener]]
name = "sip"
address = "{EDGE}"
port = {PORT}
transport = "TCP"

[[zone]]
name = "near"
type = "neighbor"
transport = "TCP"
peers = ["{CALLER}"]
port = {PORT}
monitor = false

[[zone]]
name = "far"
type = "neighbor"
transport = "TCP"
peers = ["{CALLEE}"]
port = {PORT}
monitor = false
"""


def plan(rules: int, generation: int) -> str:
    """The last rule is the one that is hit; the patterns of all others differ from generation to generation."""
    blocks = [
        _rule(number, rf"(.*)@((?:pod|site){number}\.{generation})\.example\.net(;.*)?") for number in range(1, rules)
    ]
    return "".join([*blocks, _rule(rules, r".*@far\.example")])


def _rule(number: int, pattern: str) -> str:
    return (
        f'search rule "rule {number}" {{\n    priority {number}\n    mode alias pattern match\n'
        f'    pattern type regex\n    pattern "{pattern}"\n'
        '    behavior leave\n    on successful match stop\n    target zone "far"\n}\n'
    )


@dataclass
class Edge:
    """``sipedge run`` of this work tree, with its lines in a file."""

    folder: Path

    def __enter__(self) -> Edge:
        (self.folder / "edge.toml").write_text(CONFIG)
        self._log = self.folder / "log"
        with self._log.open("wb") as log:
            command = [str(Path(sys.executable).with_name("sipedge")), "run", str(self.folder / "edge.toml")]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + START_LIMIT
        while not self.lines(STARTED):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the edge does not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def kill_worker(self) -> None:
        os.kill(self._worker(), signal.SIGKILL)

    def lines(self, text: str) -> int:
        return sum(text in line for line in self._log.read_text(errors="replace").splitlines())

    def resident(self) -> float:
        """Of the worker, in MB."""
        pages = int(Path(f"/proc/{self._worker()}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / MEGABYTE

    def settle(self) -> None:
        """Wait until no reload is under way."""
        tasks = Path(f"/proc/{self._worker()}/task")
        while any((task / "children").read_text() for task in tasks.iterdir()):
            time.sleep(0.1)
        time.sleep(SETTLE)

    def _worker(self) -> int:
        own = self._process.pid
        return int(Path(f"/proc/{own}/task/{own}/children").read_text().split()[0])


def show(what: str, seen: Seen, more: str = "") -> None:
    times = "".join(f"{seen.percentile(part) * 1000:>9.2f}" for part in (0.5, 0.9, 0.99, 0.999, 1.0))
    print(f"{what:<28}{len(seen.sent):>8}{len(seen.lost()):>6}{seen.unsent:>8}{times}  {more}", flush=True)


async def loaded(edge: Edge, arguments: argparse.Namespace, plans: Iterator[str] | None, first: int) -> Seen:
    """A load, with a reload of the next plan every ``arguments.every`` seconds where there are plans."""
    count = int(arguments.seconds / arguments.every)
    texts = [next(plans) for _ in range(count)] if plans is not None else []

    async def again() -> None:
        for text in texts:
            (edge.folder / "edge.dialplan").write_text(text)
            edge.reload()
            await asyncio.sleep(arguments.every)

    task = asyncio.create_task(again())
    try:
        return await Steady(TARGET, first).run(arguments.rate, arguments.seconds)
    finally:
        task.cancel()


async def killed(edge: Edge, rate: float) -> tuple[Seen, set[int]]:
    """A load in whose middle the worker dies, and the requests that were open when it did."""
    steady = Steady(TARGET)

    async def kill() -> set[int]:
        await asyncio.sleep(2)
        edge.kill_worker()
        return set(steady.seen.lost())

    task = asyncio.create_task(kill())
    seen = await steady.run(rate, 6)
    return seen, await task


def reloads(arguments: argparse.Namespace, folder: Path) -> None:
    """No reload, other patterns, the same patterns; no reload, ..."""
    new = (plan(arguments.rules, generation) for generation in count(1))
    same = repeat(plan(arguments.rules, 0))
    kinds: dict[str, tuple[Iterator[str] | None, Seen]] = {
        "no reload": (None, Seen()),
        "other patterns": (new, Seen()),
        "the same patterns": (same, Seen()),
    }
    numbers = count(1, 1_000_000)
    with Edge(folder) as edge:
        asyncio.run(Steady(TARGET).run(arguments.rate, 3))
        for _ in range(arguments.rounds):
            for what, (plans, seen) in kinds.items():
                seen.add(asyncio.run(loaded(edge, arguments, plans, next(numbers))))
                edge.settle()
                show("  " + what, seen, f"{edge.lines(IN_FORCE)} reloads, {edge.resident():.0f} MB")
    quiet = kinds["no reload"][1].percentile(0.99)
    for what, (_, seen) in kinds.items():
        show(what, seen, f"p99 {seen.percentile(0.99) / quiet:.2f} times that without reload")


def kills(arguments: argparse.Namespace, folder: Path) -> None:
    for number in range(1, arguments.kills + 1):
        with Edge(folder) as edge:
            seen, opened = asyncio.run(killed(edge, arguments.kill_rate))
        lost = seen.lost()
        arrived, early = sum(each in seen.arrived for each in lost), sum(each in opened for each in lost)
        more = f"{len(opened)} were open then, {early} of the lost among them; {arrived} had reached the callee"
        show(f"SIGKILL {number}", seen, more)


def run(arguments: argparse.Namespace, folder: Path) -> int:
    (folder / "edge.dialplan").write_text(plan(arguments.rules, 0))
    print(
        f"{'milliseconds':<28}{'sent':>8}{'lost':>6}{'unsent':>8}{'p50':>9}{'p90':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"
    )
    reloads(arguments, folder)
    (folder / "edge.dialplan").write_text(plan(10, 0))
    kills(arguments, folder)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.reloads", description=__doc__)
    parser.add_argument("--rules", type=int, default=2000, help="regex rules (default: 2000)")
    parser.add_argument("--rate", type=float, default=200, help="requests a second (default: 200)")
    parser.add_argument("--rounds", type=int, default=5, help="of the three loads (default: 5)")
    parser.add_argument("--seconds", type=float, default=10, help="of each load (default: 10)")
    parser.add_argument("--every", type=float, default=5, help="seconds between two reloads (default: 5)")
    parser.add_argument("--kills", type=int, default=3, help="how often the worker dies (default: 3)")
    parser.add_argument("--kill-rate", type=float, default=300, help="requests a second then (default: 300)")
    arguments = parser.parse_args()
    return run_in_folder("reloads", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
