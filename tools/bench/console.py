"""What a console costs the edge beside it: the edge alone, and with ``[log] decisions`` and a console that is busy.

Run ``python -m tools.bench.console [rounds] [count]``. Two edges are up: one writes no decisions; the other does, and a
console of its own reads them while 20 pages a second are asked for, a history is searched, and two plans of 300 rules
are compared at low priority. They are under the same load in turns, A B B A. The console's own time is not counted: it
is another process, and may have another core.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from .certificates import make_certificates
from .load import Generator, Load
from .program import run_in_folder
from .proxies import Running, edge_at
from .search import make

PAGES = ("/", "/history", "/history?alias=load", "/history?status=failed", "/?span=24h", "/zones", "/api/counts")
EACH = 0.05
"""Seconds between two of them."""
RULES = 300
NICENESS = 10
"""Of a comparison of plans, as the console has it."""
SETTLE = 2.0
WATCHED = '\n[log]\ndecisions = "decisions.jsonl"\n[console]\nlisten = "127.0.0.1:0"\n'
Figures = dict[str, float]


def busy(address: str, plans: tuple[str, str]) -> None:
    """Until it is ended: pages, and one comparison after the other."""
    comparing: subprocess.Popen[bytes] | None = None
    with httpx.Client(base_url=address, timeout=10) as client:
        while True:
            for page in PAGES:
                if comparing is None or comparing.poll() is not None:
                    comparing = subprocess.Popen(
                        [sys.executable, "-m", "sipedge", "diff", *plans],
                        stdout=subprocess.DEVNULL,
                        preexec_fn=lambda: os.nice(NICENESS) and None,
                    )
                client.get(page).raise_for_status()
                time.sleep(EACH)


@contextmanager
def console(config: str) -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "sipedge", "console", config], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def kept_busy(address: str, plans: tuple[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.bench.console", "busy", address, *plans], start_new_session=True
    )
    try:
        time.sleep(1)
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def measured(running: Running, generator: Generator, count: int) -> Figures:
    before = running.cpu_seconds()
    loaded = generator.run(Load(count), running.proxy.address)
    time.sleep(SETTLE)
    used = running.cpu_seconds() - before
    if loaded.faults:
        raise RuntimeError(f"{loaded.faults} transactions went wrong")
    return {"CPU us": used * 1e6 / count, "p50 ms": loaded.p50_us / 1000, "p99 ms": loaded.p99_us / 1000}


def run(folder: Path, rounds: int, count: int) -> int:
    certificates = make_certificates(folder)
    generator = Generator(folder, certificates)
    alone = edge_at("alone", "127.0.0.5", "open", folder, certificates)
    watched = edge_at("watched", "127.0.0.6", "open", folder, certificates)
    config = watched.command[-1]
    Path(config).write_text(Path(config).read_text() + WATCHED)
    plans = _plans(folder)
    with Running(alone, folder) as one, Running(watched, folder) as other, console(config) as address:
        for running in (one, other):
            generator.run(Load(count // 2), running.proxy.address)
        figures: dict[str, list[Figures]] = {alone.name: [], watched.name: []}
        for _ in range(rounds):
            for running in (one, other, other, one):
                figures[running.proxy.name].append(_one(running, generator, count, address, plans, running is other))
    _tell(figures[alone.name], figures[watched.name])
    return 0


def _one(
    running: Running, generator: Generator, count: int, address: str, plans: tuple[str, str], watched: bool
) -> Figures:
    if not watched:
        return measured(running, generator, count)
    with kept_busy(address, plans):
        return measured(running, generator, count)


def _plans(folder: Path) -> tuple[str, str]:
    """Two that differ in one rule."""
    text, _ = make(RULES)
    paths = folder / "one.dialplan", folder / "two.dialplan"
    paths[0].write_text(text)
    paths[1].write_text(text.replace('target               zone "Zone 7"', 'target               zone "Zone 8"', 1))
    return str(paths[0]), str(paths[1])


def _tell(alone: list[Figures], watched: list[Figures]) -> None:
    for name in alone[0]:
        before, after = ([each[name] for each in figures] for figures in (alone, watched))
        pairs = [two / one for one, two in zip(before, after, strict=True)]
        print(
            f"{name:>7}: alone {statistics.median(before):8.3f}, watched {statistics.median(after):8.3f}, "
            f"pairs {statistics.median(pairs):.3f} ({min(pairs):.3f} to {max(pairs):.3f})"
        )
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["busy"]:
        busy(arguments[1], (arguments[2], arguments[3]))
        return 0
    rounds, count = [*map(int, arguments), *(5, 10_000)[len(arguments) :]]
    return run_in_folder("console", lambda folder: run(folder, rounds, count))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
