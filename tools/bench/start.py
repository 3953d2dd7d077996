"""python -m tools.bench.start: how long ``sipedge --help`` takes, and ``sipedge run`` until it listens."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tools.live.edge import ROOT, LiveEdge

from .program import run_in_folder
from .reloads import CONFIG, plan


def show(what: str, seconds: list[float]) -> None:
    print(f"{what:<40}{min(seconds):>8.2f}{median(seconds):>8.2f}{max(seconds):>8.2f}", flush=True)


def asked_for_help() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "sipedge", "--help"], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - begun


async def started(folder: Path, rules: int) -> float:
    begun = time.perf_counter()
    async with LiveEdge(folder, CONFIG, plan(rules, 0)):
        return time.perf_counter() - begun


def run(arguments: argparse.Namespace, folder: Path) -> int:
    print(f"{'seconds':<40}{'least':>8}{'median':>8}{'most':>8}")
    show("--help", [asked_for_help() for _ in range(arguments.runs)])
    for rules in arguments.rules or [10, 2000]:
        show(f"run, {rules} rules", [asyncio.run(started(folder, rules)) for _ in range(arguments.runs)])
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.start", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--rules", type=int, action="append", help="of the plan (default: 10 and 2000)")
    arguments = parser.parse_args()
    return run_in_folder("start", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
