"""A console that is killed under load: no transaction fails, and each decision is found later, or counted as missing.

Run ``python -m tools.bench.outage [--seconds N] [--rate N]``. Under so many transactions a second the console is killed
(SIGKILL) after a third of the time and started again after two thirds. Once with files of decisions as large as [log]
has them where nothing is said, once with so small ones that some are removed before anybody has read them. Exit status
1: a transaction failed, or what was found and what is told to be lost are not all of them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from sipedge.history.kept import Kept
from sipedge.history.wish import Wish

from .certificates import Certificates, make_certificates
from .console import CONSOLE, FEED, started
from .load import Generator, Load, Measured, read_result
from .program import run_in_folder
from .proxies import Running, edge_at

PATIENCE = 30.0
"""Seconds that the history may take to have all."""
SMALL = "rotate_size = 1000000\nrotate_count = 2\n"


def outage(running: Running, config: str, generator: Generator, load: Load) -> Measured:
    """The console is there again at the end."""
    console, _ = started(config)
    third = load.count / load.rate / 3
    process = generator.start(load, running.proxy.address)
    time.sleep(third)
    console.kill()
    console.wait()
    time.sleep(third)
    console, _ = started(config)
    try:
        measured = read_result(process)
        _wait(Path(config).parent, load.count)
    finally:
        console.terminate()
        console.wait()
    return measured


def _wait(folder: Path, count: int) -> None:
    kept, end = Kept(folder / "edge.console/history"), time.monotonic() + PATIENCE
    while (stored := kept.stored()).rows + stored.lost < count and time.monotonic() < end:
        time.sleep(0.1)


def measure(name: str, address: str, more: str, generator: Generator, load: Load, folder: Path) -> bool:
    """Whether all was as it has to be."""
    proxy = edge_at(name, address, "open", folder, generator.certificates)
    config = Path(proxy.command[-1])
    config.write_text(config.read_text() + FEED + more + CONSOLE)
    with Running(proxy, folder) as running:
        measured = outage(running, str(config), generator, load)
    kept = Kept(config.parent / "edge.console/history")
    stored, found = kept.stored(), len({each.call_id for each in kept.find(Wish(most=load.count))})
    print(f"{name}: {measured.answered} answered, {measured.per_second:.0f} a second, {measured.faults} faults")
    print(f"    p50 {measured.p50_us / 1000:.2f} ms, p99 {measured.p99_us / 1000:.2f} ms")
    print(f"    {found} decisions found, {stored.lost} told to be lost, in {len(stored.gaps)} gaps")
    return measured.faults == 0 and found + stored.lost == load.count


def run(options: argparse.Namespace, folder: Path) -> int:
    certificates: Certificates = make_certificates(folder)
    generator = Generator(folder, certificates)
    load = Load(round(options.seconds * options.rate), window=1000, rate=options.rate)
    results = [
        measure("large files", "127.0.0.5", "", generator, load, folder),
        measure("small files", "127.0.0.6", SMALL, generator, load, folder),
    ]
    return int(not all(results))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of load (default: 30)")
    parser.add_argument("--rate", type=float, default=1000, help="transactions a second (default: 1000)")
    options = parser.parse_args()
    return run_in_folder("outage", lambda folder: run(options, folder))


if __name__ == "__main__":
    sys.exit(main())
