"""python -m tools.bench.workers: what a second worker costs, in processor time of a transaction and in memory.

Edges of one and of two workers take turns (A B B A), each started anew. All workers of an edge share one core here, and
the generator has the other one: what is measured is the work, not what two cores give.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from .certificates import Certificates, make_certificates
from .load import Generator, Load
from .program import run_in_folder
from .proxies import Proxy, Running, edge

MEGABYTE = 1024 * 1024
SETTLED = 2.0
"""Seconds after the start: all workers are there, and what they made only to start is gone."""


@dataclass(frozen=True)
class Figures:
    """Of one start."""

    cpu_us: float
    """A transaction, of all processes."""
    per_second: float
    p50_us: int
    rest: float
    """Megabytes before the first transaction, of all processes, what they share parted among them."""
    loaded: float
    faults: int


def of_workers(number: int, folder: Path, certificates: Certificates) -> Proxy:
    own = folder / str(number)
    own.mkdir(exist_ok=True)
    proxy = edge(own, certificates)
    config = Path(proxy.command[-1])
    config.write_text(config.read_text().replace("workers = 1\n", f"workers = {number}\n", 1))
    return replace(proxy, name=f"{number} worker")


def one_start(proxy: Proxy, folder: Path, generator: Generator, load: Load) -> Figures:
    with Running(proxy, folder) as running:
        time.sleep(SETTLED)
        rest = running.own_bytes()
        generator.run(replace(load, count=load.count // 10), proxy.address)
        before = running.cpu_seconds()
        measured = generator.run(load, proxy.address)
        cpu = (running.cpu_seconds() - before) / load.count * 1e6
        loaded = running.own_bytes()
    return Figures(cpu, measured.per_second, measured.p50_us, rest / MEGABYTE, loaded / MEGABYTE, measured.faults)


def turns(pairs: int) -> Iterator[int]:
    for pair in range(pairs):
        yield from (1, 2) if pair % 2 == 0 else (2, 1)


def run(arguments: argparse.Namespace, folder: Path) -> int:
    certificates = make_certificates(folder)
    generator = Generator(folder, certificates)
    load = Load(arguments.count, connections=arguments.connections)
    proxies = {number: of_workers(number, folder, certificates) for number in (1, 2)}
    seen: defaultdict[int, list[Figures]] = defaultdict(list)
    print("workers   CPU us  a second  p50 us MB at rest MB loaded faults")
    for number in turns(arguments.pairs):
        now = one_start(proxies[number], folder, generator, load)
        seen[number].append(now)
        figures = f"{now.cpu_us:8.0f} {now.per_second:9.0f} {now.p50_us:7d} {now.rest:10.1f} {now.loaded:9.1f}"
        print(f"{number:7d} {figures} {now.faults:6d}", flush=True)
    cpu = [median(each.cpu_us for each in seen[number]) for number in (1, 2)]
    rest = [median(each.rest for each in seen[number]) for number in (1, 2)]
    print(f"CPU a transaction, 2 workers / 1: {cpu[1] / cpu[0]:.2f}")
    print(f"a second worker at rest: {rest[1] - rest[0]:.1f} MB")
    return 1 if any(each.faults for figures in seen.values() for each in figures) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.workers", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="transactions of each start (default: 20000)")
    parser.add_argument("--connections", type=int, default=8, help="of the callers (default: 8)")
    parser.add_argument("--pairs", type=int, default=3, help="starts of each kind (default: 3)")
    arguments = parser.parse_args()
    return run_in_folder("tools.bench.workers", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
