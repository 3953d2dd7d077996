"""python -m tools.bench: the edge beside Kamailio, one core, the same load, taking turns; prints medians and ratios."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from . import proxies
from .certificates import make_certificates
from .load import Generator, Load, Measured
from .program import run_in_folder
from .proxies import Proxy, Running

PROXIES = {"kamailio": proxies.kamailio, "edge": proxies.edge, "kamailio-qm": proxies.kamailio_as_shipped}
MODES: dict[str, Callable[[int], Load]] = {
    "message": lambda count: Load(count),
    "message-30k": lambda count: Load(count // 4, body=30_000),
    "message-60k": lambda count: Load(count // 8, body=60_000),
    "call": lambda count: Load(count // 2, calls=True),
}
ONE_AT_A_TIME = 2000
"""Transactions of the latency measurement with one connection and one transaction under way."""
SETTLE = 3.0
"""Seconds before CPU time is read: both proxies clean finished transactions up later, and that work counts."""
COLUMNS = ("CPU us", "tx/s", "p50 ms", "p99 ms", "p50 ms alone", "p99 ms alone", "faults")


@dataclass(frozen=True)
class Row:
    """One proxy measured once."""

    proxy: str
    mode: str
    cpu_us: float
    loaded: Measured
    alone: Measured

    @property
    def faults(self) -> int:
        return self.loaded.faults + self.alone.faults

    def figures(self) -> tuple[float, ...]:
        """In the order of COLUMNS, without the faults."""
        loaded, alone = self.loaded, self.alone
        milliseconds = (t / 1000 for t in (loaded.p50_us, loaded.p99_us, alone.p50_us, alone.p99_us))
        return (self.cpu_us, loaded.per_second, *milliseconds)


def measure(running: Running, generator: Generator, mode: str, load: Load) -> Row:
    before = running.cpu_seconds()
    loaded = generator.run(load, running.proxy.address)
    time.sleep(SETTLE)
    used = running.cpu_seconds() - before
    single = Load(min(ONE_AT_A_TIME, load.count), connections=1, window=1, body=load.body, calls=load.calls)
    alone = generator.run(single, running.proxy.address)
    return Row(running.proxy.name, mode, used * 1e6 / load.count, loaded, alone)


def rounds(
    chosen: Sequence[Proxy], generator: Generator, folder: Path, mode: str, runs: int, count: int
) -> Iterator[Row]:
    """A B A B ...: all proxies are up the whole time and warmed up once; one is under load at a time."""
    load = MODES[mode](count)
    with ExitStack() as stack:
        running = [stack.enter_context(Running(proxy, folder)) for proxy in chosen]
        for proxy in running:
            generator.run(load, proxy.proxy.address)
            time.sleep(SETTLE)
        for _ in range(runs):
            for proxy in running:
                yield measure(proxy, generator, mode, load)


def medians(rows: Sequence[Row], proxy: str) -> tuple[float, ...]:
    return tuple(median(column) for column in zip(*(row.figures() for row in rows if row.proxy == proxy), strict=True))


def line(name: str, figures: Sequence[float], end: str) -> str:
    return f"{name:<18}" + "".join(f"{figure:>13.2f}" for figure in figures) + f"{end:>8}"


def summary(mode: str, rows: Sequence[Row]) -> Iterator[str]:
    """The table of one mode: the median of each proxy, and edge / each other one."""
    names = list(dict.fromkeys(row.proxy for row in rows))
    yield f"{mode + ' (medians)':<18}" + "".join(f"{title:>13}" for title in COLUMNS[:-1]) + f"{COLUMNS[-1]:>8}"
    middle = {name: medians(rows, name) for name in names}
    for name in names:
        yield line(name, middle[name], str(sum(row.faults for row in rows if row.proxy == name)))
    for other in sorted(set(names) - {"edge"}) if "edge" in names else ():
        yield line(f"edge / {other}", [a / b for a, b in zip(middle["edge"], middle[other], strict=True)], "")


def run(arguments: argparse.Namespace, folder: Path) -> list[Row]:
    certificates = make_certificates(folder)
    generator = Generator(folder, certificates)
    chosen = [PROXIES[name](folder, certificates) for name in arguments.only or PROXIES]
    rows: list[Row] = []
    for mode in arguments.mode or ["message"]:
        print(f"{mode:<18}" + "".join(f"{title:>13}" for title in COLUMNS[:-1]) + f"{COLUMNS[-1]:>8}")
        of_mode: list[Row] = []
        for row in rounds(chosen, generator, folder, mode, arguments.runs, arguments.count):
            print(line("  " + row.proxy, row.figures(), str(row.faults)), flush=True)
            of_mode.append(row)
        print(*summary(mode, of_mode), "", sep="\n", flush=True)
        rows += of_mode
    return rows


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each proxy is measured (default: 5)")
    parser.add_argument(
        "--count", type=int, default=20_000, help="transactions a run (default: 20000; long ones: less)"
    )
    parser.add_argument("--only", choices=PROXIES, action="append", help="measure this one alone")
    parser.add_argument(
        "--mode", choices=MODES, action="append", help="what to send (default: message); may be repeated"
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
