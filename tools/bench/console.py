"""What the feed and a console cost an edge: the edge alone, one that writes its decisions, and one with a busy console.

Run ``python -m tools.bench.console [--rounds N] [--count N] [--rate N] [--anew]``. Three edges are up: one writes no
decisions; one has ``[log] decisions``; one has that and a console of its own, which reads them while 20 pages a second
are asked for, a history is searched, and two plans of 300 rules are compared at low priority. They are under the same
load in turns; in one more, *beside*, the first one is, while the console of the third is as busy: what that costs is
the price of sharing two cores, and the rest of the third one's is the feed's. The order is turned round each time;
``--rate``: so many transactions a second, else 64 are under way; ``--anew``: each one is decided about by the core.
The console's own time is not counted: it is another process. Processor time is the kernel's count in nanoseconds
(proc(5): schedstat), of all threads and of the event loop's alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
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
SETTLE = 1.0
FEED = '\n[log]\ndecisions = "decisions.jsonl"\n'
CONSOLE = '[console]\nlisten = "127.0.0.1:0"\n'
EDGES = {"alone": "", "writing": FEED, "watched": FEED + CONSOLE}
"""Name -> what its configuration has more."""
TURNS = {
    "alone": ("alone", False),
    "writing": ("writing", False),
    "beside": ("alone", True),
    "watched": ("watched", True),
}
"""Name -> which edge is under load, and whether the console is busy."""
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


def started(config: str) -> tuple[subprocess.Popen[str], str]:
    """A console, and its address."""
    process = subprocess.Popen([sys.executable, "-m", "sipedge", "console", config], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


@contextmanager
def console(config: str) -> Iterator[str]:
    process, address = started(config)
    try:
        yield address
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


def measured(running: Running, generator: Generator, load: Load) -> Figures:
    before = running.cpu_nanoseconds()
    loaded = generator.run(load, running.proxy.address)
    time.sleep(SETTLE)
    used = [after - before.get(thread, 0) for thread, after in running.cpu_nanoseconds().items()]
    if loaded.faults:
        raise RuntimeError(f"{loaded.faults} transactions went wrong")
    cpu = {"CPU us": sum(used) / 1000 / load.count, "loop us": max(used) / 1000 / load.count}
    return cpu | {"p50 ms": loaded.p50_us / 1000, "p99 ms": loaded.p99_us / 1000}


def run(options: argparse.Namespace, folder: Path) -> int:
    certificates, plans = make_certificates(folder), _plans(folder)
    generator, load = Generator(folder, certificates), _load(options)
    figures: dict[str, list[Figures]] = {name: [] for name in TURNS}
    with ExitStack() as stack:
        edges = {}
        for place, (name, more) in enumerate(EDGES.items(), 5):
            limits = "remembered = 0\n" if options.anew else ""
            proxy = edge_at(name, f"127.0.0.{place}", "open", folder, certificates, limits)
            config = Path(proxy.command[-1])
            config.write_text(config.read_text() + more)
            edges[name] = stack.enter_context(Running(proxy, folder))
        address = stack.enter_context(console(str(config)))
        for running in edges.values():
            generator.run(replace(load, count=load.count // 2), running.proxy.address)
        for _ in range(options.rounds):
            for name in (*TURNS, *reversed(TURNS)):
                edge, is_busy = TURNS[name]
                with kept_busy(address, plans) if is_busy else nullcontext():
                    figures[name].append(measured(edges[edge], generator, load))
    _tell(figures)
    return 0


def _load(options: argparse.Namespace) -> Load:
    return Load(options.count, window=1000, rate=options.rate) if options.rate else Load(options.count)


def _plans(folder: Path) -> tuple[str, str]:
    """Two that differ in one rule."""
    text, _ = make(RULES)
    paths = folder / "one.dialplan", folder / "two.dialplan"
    paths[0].write_text(text)
    paths[1].write_text(text.replace('target               zone "Zone 7"', 'target               zone "Zone 8"', 1))
    return str(paths[0]), str(paths[1])


def _tell(figures: dict[str, list[Figures]]) -> None:
    """Medians, and of the pairs of each round their ratio to the edge alone."""
    alone = figures["alone"]
    for title in alone[0]:
        print(f"{title:>7}: alone {statistics.median(each[title] for each in alone):8.3f}", end="")
        for name in list(figures)[1:]:
            pairs = [two[title] / one[title] for one, two in zip(alone, figures[name], strict=True)]
            middle = statistics.median(each[title] for each in figures[name])
            print(f", {name} {middle:8.3f} x{statistics.median(pairs):.3f} ({min(pairs):.3f}-{max(pairs):.3f})", end="")
        print()
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["busy"]:
        busy(arguments[1], (arguments[2], arguments[3]))
        return 0
    parser = argparse.ArgumentParser(prog="python -m tools.bench.console", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of all turns and back (default: 5)")
    parser.add_argument("--count", type=int, default=10_000, help="transactions of each (default: 10000)")
    parser.add_argument("--rate", type=float, default=0, help="transactions a second (default: as many as go)")
    parser.add_argument("--anew", action="store_true", help="nothing is remembered of what was decided")
    options = parser.parse_args(arguments)
    return run_in_folder("console", lambda folder: run(options, folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
