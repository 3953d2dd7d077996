"""python -m tools.bench.workers: what a second worker costs, in processor time of a transaction and in memory.

Edges take turns, each started anew: one worker; two, each on a core of its own; two on one core, which take turns there
and find each other's data in its caches; two that share one connection to the callee, so that half of all crosses from
one to the other. The generator runs on any core: what two cores give is not seen in the throughput.
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

ONE, TWO, ONE_CORE, SHARING = "1", "2", "2, one core", "2, sharing"
KINDS = ONE, TWO, ONE_CORE, SHARING
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


def of_workers(kind: str, folder: Path, certificates: Certificates) -> Proxy:
    own = folder / kind
    own.mkdir(exist_ok=True)
    proxy = edge(own, certificates)
    config = Path(proxy.command[-1])
    text = config.read_text().replace("workers = 1\n", f"workers = {kind[0]}\n", 1)
    if kind == SHARING:
        text = text.replace("[limits]\n", "[limits]\nown_connection_after = 0\n", 1)
    config.write_text(text)
    return replace(proxy, name=kind)


def one_start(proxy: Proxy, folder: Path, generator: Generator, load: Load) -> Figures:
    with Running(proxy, folder) as running:
        time.sleep(SETTLED)
        if proxy.name != ONE_CORE:
            running.spread()
        rest = running.own_bytes()
        generator.run(replace(load, count=load.count // 10), proxy.address)
        before = sum(running.cpu_nanoseconds().values())
        measured = generator.run(load, proxy.address)
        cpu = (sum(running.cpu_nanoseconds().values()) - before) / load.count / 1000
        loaded = running.own_bytes()
    return Figures(cpu, measured.per_second, measured.p50_us, rest / MEGABYTE, loaded / MEGABYTE, measured.faults)


def turns(rounds: int) -> Iterator[str]:
    for number in range(rounds):
        yield from KINDS if number % 2 == 0 else reversed(KINDS)


def run(arguments: argparse.Namespace, folder: Path) -> int:
    certificates = make_certificates(folder)
    generator = Generator(folder, certificates, anywhere=True)
    load = Load(arguments.count, connections=arguments.connections)
    proxies = {kind: of_workers(kind, folder, certificates) for kind in KINDS}
    seen: defaultdict[str, list[Figures]] = defaultdict(list)
    print("workers       CPU us  a second  p50 us MB at rest MB loaded faults")
    for kind in turns(arguments.rounds):
        now = one_start(proxies[kind], folder, generator, load)
        seen[kind].append(now)
        figures = f"{now.cpu_us:8.1f} {now.per_second:9.0f} {now.p50_us:7d} {now.rest:10.1f} {now.loaded:9.1f}"
        print(f"{kind:11} {figures} {now.faults:6d}", flush=True)
    cpu = {kind: median(each.cpu_us for each in seen[kind]) for kind in KINDS}
    rest = {kind: median(each.rest for each in seen[kind]) for kind in KINDS}
    print("CPU a transaction beside 1 worker:", *(f"{kind}: {cpu[kind] / cpu[ONE]:.2f};" for kind in KINDS[1:]))
    print(f"a second worker at rest: {rest[TWO] - rest[ONE]:.1f} MB")
    return 1 if any(each.faults for figures in seen.values() for each in figures) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.workers", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="transactions of each start (default: 20000)")
    parser.add_argument("--connections", type=int, default=8, help="of the callers (default: 8)")
    parser.add_argument("--rounds", type=int, default=3, help="starts of each kind (default: 3)")
    arguments = parser.parse_args()
    return run_in_folder("tools.bench.workers", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
