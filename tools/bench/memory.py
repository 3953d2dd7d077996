"""python -m tools.bench.memory: resident memory over many transactions; after the warm-up it must stay flat."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .certificates import make_certificates
from .load import Generator, Load
from .program import add_load_options, run_in_folder
from .proxies import Running, edge

WARM_UP = 0.2
"""The part of the transactions after which memory must not grow any more: pools and caches have their size by then."""
PAUSE = 1.0
"""Seconds after a round, so that finished transactions are gone before memory is read."""
MEGABYTE = 1024 * 1024


def samples(running: Running, generator: Generator, load: Load, rounds: int) -> Iterator[tuple[int, int, int]]:
    """After each round: transactions so far, resident bytes, faults so far. Each round comes on new connections."""
    done = faults = 0
    for _ in range(rounds):
        faults += generator.run(load, running.proxy.address).faults
        done += load.count
        time.sleep(PAUSE)
        yield done, running.resident_bytes(), faults


def run(arguments: argparse.Namespace, folder: Path) -> int:
    certificates = make_certificates(folder)
    generator = Generator(folder, certificates)
    load = Load(arguments.count // arguments.rounds, body=arguments.body, calls=arguments.calls)
    warm = warm_resident = done = resident = faults = 0
    print(f"{'transactions':>12} {'resident MB':>12} {'faults':>7}")
    with Running(edge(folder, certificates), folder) as running:
        for done, resident, faults in samples(running, generator, load, arguments.rounds):
            print(f"{done:>12} {resident / MEGABYTE:>12.2f} {faults:>7}", flush=True)
            if done <= arguments.count * WARM_UP:
                warm, warm_resident = done, resident
    grown = resident - warm_resident
    print(f"growth after {warm} transactions: {grown / MEGABYTE:.2f} MB, {grown / max(1, done - warm):.1f} bytes each")
    return 1 if faults or grown > arguments.limit * MEGABYTE else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.memory", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="transactions in all (default: 200000)")
    parser.add_argument("--rounds", type=int, default=10, help="how often memory is read (default: 10)")
    add_load_options(parser)
    parser.add_argument("--limit", type=float, default=5.0, help="MB of growth that still count as flat (default: 5)")
    arguments = parser.parse_args()
    return run_in_folder("memory", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
