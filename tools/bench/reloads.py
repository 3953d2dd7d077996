"""python -m tools.bench.reloads: what a reload of a large plan, or a crash, costs the requests of that time.

A plan of regex rules, none of which has a pattern of the plan before, is reloaded again and again under a steady load;
the same load before it is what its delays are compared with. Then the worker gets SIGKILL in the middle of the load.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .program import run_in_folder
from .steady import CALLEE, CALLER, EDGE, PORT, Seen, Steady

TARGET = "sip:bob@far.example"
MEGABYTE = 1024 * 1024
STARTED, IN_FORCE = " serves ", "is in force"
START_LIMIT = 60.0

_CONFIG = f"""\
[edge]
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
        (self.folder / "edge.toml").write_text(_CONFIG)
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

    def _worker(self) -> int:
        own = self._process.pid
        return int(Path(f"/proc/{own}/task/{own}/children").read_text().split()[0])


def show(what: str, seen: Seen, more: str = "") -> None:
    times = "".join(f"{seen.percentile(part) * 1000:>9.2f}" for part in (0.5, 0.9, 0.99, 0.999, 1.0))
    print(f"{what:<28}{len(seen.sent):>8}{len(seen.lost()):>6}{seen.unsent:>8}{times}  {more}", flush=True)


async def reloading(edge: Edge, arguments: argparse.Namespace, reused: bool) -> Seen:
    """A load with a reload every ``arguments.every`` seconds."""
    count = int(arguments.seconds / arguments.every) + 1
    texts = [plan(arguments.rules, 0 if reused else number) for number in range(1, count + 1)]

    async def again() -> None:
        for text in texts:
            (edge.folder / "edge.dialplan").write_text(text)
            edge.reload()
            await asyncio.sleep(arguments.every)

    task = asyncio.create_task(again())
    try:
        return await Steady(TARGET).run(arguments.rate, arguments.seconds)
    finally:
        task.cancel()


async def killed(edge: Edge, rate: float) -> Seen:
    """A load in whose middle the worker dies."""

    async def kill() -> None:
        await asyncio.sleep(2)
        edge.kill_worker()

    task = asyncio.create_task(kill())
    seen = await Steady(TARGET).run(rate, 6)
    await task
    return seen


def run(arguments: argparse.Namespace, folder: Path) -> int:
    (folder / "edge.dialplan").write_text(plan(arguments.rules, 0))
    print(
        f"{'milliseconds':<28}{'sent':>8}{'lost':>6}{'unsent':>8}{'p50':>9}{'p90':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"
    )
    with Edge(folder) as edge:
        asyncio.run(Steady(TARGET).run(arguments.rate, 3))
        quiet = asyncio.run(Steady(TARGET).run(arguments.rate, arguments.seconds))
        show("no reload", quiet, f"{edge.resident():.0f} MB")
        for reused in (False, True):
            before = edge.lines(IN_FORCE)
            seen = asyncio.run(reloading(edge, arguments, reused))
            done = f"{edge.lines(IN_FORCE) - before} reloads, {edge.resident():.0f} MB"
            show("patterns of before" if reused else "all patterns new", seen, done)
            ratio = seen.percentile(0.99) / quiet.percentile(0.99)
            print(f"{'p99 / p99 without reload':<28}{ratio:.2f}")
        for number in range(arguments.kills):
            seen = asyncio.run(killed(edge, arguments.kill_rate))
            seen_by_callee = sum(each in seen.arrived for each in seen.lost())
            show(f"SIGKILL {number + 1}", seen, f"{seen_by_callee} of the lost had reached the callee")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.reloads", description=__doc__)
    parser.add_argument("--rules", type=int, default=2000, help="regex rules (default: 2000)")
    parser.add_argument("--rate", type=float, default=200, help="requests a second (default: 200)")
    parser.add_argument("--seconds", type=float, default=30, help="of each load (default: 30)")
    parser.add_argument("--every", type=float, default=5, help="seconds between two reloads (default: 5)")
    parser.add_argument("--kills", type=int, default=3, help="how often the worker dies (default: 3)")
    parser.add_argument("--kill-rate", type=float, default=300, help="requests a second then (default: 300)")
    arguments = parser.parse_args()
    return run_in_folder("reloads", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
