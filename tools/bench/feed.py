"""What ``[log] decisions`` costs an edge, with three edges that write them and three that do not.

Run ``python -m tools.bench.feed [--rounds N] [--count N]``. All are up, and have the same load in turns, 64 under way:
two processes of one configuration differ by some percent for as long as they live, so that one of each says little.
Printed are the medians of each kind and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from .certificates import make_certificates
from .console import FEED, Figures, measured
from .load import Generator, Load
from .program import run_in_folder
from .proxies import Running, edge_at

EACH_KIND = 3
FIRST = 5
"""Of the addresses 127.0.0.x."""
WARM_UP = 5_000
"""Transactions before it counts."""


def run(options: argparse.Namespace, folder: Path) -> int:
    certificates = make_certificates(folder)
    generator, load = Generator(folder, certificates), Load(options.count)
    kinds = ["alone", "writing"] * EACH_KIND
    found: dict[str, list[Figures]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        edges = []
        for place, kind in enumerate(kinds):
            proxy = edge_at(f"{kind}{place}", f"127.0.0.{FIRST + place}", "open", folder, certificates, "")
            config = Path(proxy.command[-1])
            more = FEED.replace("decisions.jsonl", f"{place}.jsonl") if kind == "writing" else ""
            config.write_text(config.read_text() + more)
            edges.append((kind, stack.enter_context(Running(proxy, folder))))
        for _, running in edges:
            generator.run(replace(load, count=WARM_UP), running.proxy.address)
        for _ in range(options.rounds):
            for kind, running in edges:
                found[kind].append(measured(running, generator, load))
    for name in found["alone"][0]:
        alone, writing = (statistics.median(each[name] for each in found[kind]) for kind in ("alone", "writing"))
        print(f"{name:>8}: alone {alone:7.3f}, writing {writing:7.3f} x{writing / alone:.3f}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.bench.feed")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--count", type=int, default=40_000)
    arguments = parser.parse_args()
    sys.exit(run_in_folder("feed", lambda folder: run(arguments, folder)))
