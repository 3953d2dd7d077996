"""python -m tools.bench: the edge beside Kamailio, one core, the same load, taking turns; prints medians and ratios.

Kamailio with its fast allocator is the yardstick; as Debian starts it, it stands beside. Two starts of one program
differ by some percent, so every proxy is started anew several times, and measured in the order A B C C B A.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from . import proxies, silent
from .certificates import make_certificates
from .load import Generator, Load
from .program import run_in_folder
from .proxies import Proxy, Running
from .rows import Row, head, line, machine, summary

USUAL = {
    "kamailio": proxies.kamailio,
    "edge": proxies.edge,
    "edge-anew": proxies.forgetful_edge,
    "kamailio-qm": proxies.kamailio_as_shipped,
}
HIDING = {
    "kamailio-topoh": proxies.kamailio_hiding,
    "edge-hidden": proxies.edge_hidden,
    "edge-b2bua": proxies.edge_b2bua,
    "kamailio-qm-topoh": proxies.kamailio_hiding_as_shipped,
}
"""What others see nothing of the callers through; measured where ``--only`` names it."""
PROXIES = USUAL | HIDING
LOADS: dict[str, Callable[[int], Load]] = {
    "message": lambda count: Load(count),
    "message-30k": lambda count: Load(count // 4, body=30_000),
    "message-60k": lambda count: Load(count // 8, body=60_000),
    "call": lambda count: Load(count // 2, calls=True),
    "subscribe": lambda count: Load(count // 2, body=500, subscribe=True),
}
SILENT = "handshakes and idle connections"
ONE_AT_A_TIME = 1000
"""Transactions of the latency measurement with one connection and one transaction under way."""
SETTLE = 3.0
"""Seconds before CPU time is read: both proxies clean finished transactions up later, and that work counts."""


class Bench:
    """The proxies to compare and what loads them."""

    def __init__(self, folder: Path, names: Sequence[str], count: int) -> None:
        self._folder, self._count = folder, count
        self._certificates = make_certificates(folder)
        self._generator = Generator(folder, self._certificates)
        self._proxies: list[Proxy] = [PROXIES[name](folder, self._certificates) for name in names]

    def rows(self, mode: str, starts: int) -> Iterator[Row]:
        """In each start all proxies are up, and one of them is under load at a time."""
        for start in range(starts):
            with ExitStack() as stack:
                running = [stack.enter_context(Running(proxy, self._folder)) for proxy in self._proxies]
                if mode == SILENT:
                    for proxy in running:
                        yield Row(proxy.proxy.name, mode, start, silent.measure(proxy, self._certificates))
                    continue
                for proxy in running:
                    self._generator.run(LOADS[mode](self._count // 2), proxy.proxy.address)
                time.sleep(SETTLE)
                for proxy in (*running, *reversed(running)):
                    yield self._measure(proxy, mode, start)

    def _measure(self, running: Running, mode: str, start: int) -> Row:
        load = LOADS[mode](self._count)
        before = running.cpu_seconds()
        loaded = self._generator.run(load, running.proxy.address)
        time.sleep(SETTLE)
        used = running.cpu_seconds() - before
        few = min(ONE_AT_A_TIME, load.count)
        single = Load(few, 1, 1, body=load.body, calls=load.calls, subscribe=load.subscribe)
        alone = self._generator.run(single, running.proxy.address)
        figures = {
            "CPU us": used * 1e6 / load.count,
            "tx/s": loaded.per_second,
            "p50 ms": loaded.p50_us / 1000,
            "p99 ms": loaded.p99_us / 1000,
            "p50 ms alone": alone.p50_us / 1000,
        }
        return Row(running.proxy.name, mode, start, figures, loaded.faults + alone.faults)


def run(arguments: argparse.Namespace, folder: Path) -> list[Row]:
    print(machine(), flush=True)
    bench = Bench(folder, arguments.only or list(USUAL), arguments.count)
    rows: list[Row] = []
    for mode in arguments.mode or [*LOADS, SILENT]:
        of_mode: list[Row] = []
        for row in bench.rows(mode, arguments.starts):
            if not of_mode:
                print(head(mode, list(row.figures)))
            print(line(row), flush=True)
            of_mode.append(row)
        print(*summary(mode, of_mode), "", sep="\n", flush=True)
        rows += of_mode
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")
    return rows


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--starts", type=int, default=3, help="how often each proxy is started (default: 3)")
    parser.add_argument(
        "--count", type=int, default=10_000, help="transactions a run (default: 10000; long ones: less)"
    )
    parser.add_argument("--only", choices=PROXIES, action="append", help="measure this one alone; may be repeated")
    parser.add_argument(
        "--mode", choices=[*LOADS, SILENT], action="append", help="what to send (default: all); may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run's figures")
    return parser.parse_args()


def main() -> int:
    arguments = read_arguments()
    return run_in_folder("bench", lambda folder: report(arguments, run(arguments, folder)))


def report(arguments: argparse.Namespace, rows: Sequence[Row]) -> int:
    """1 when something went wrong with a request, else 0."""
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 1 if any(row.faults for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
