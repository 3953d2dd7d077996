"""python -m tools.fuzz: search at random for inputs that the edge does not stand. The seed is printed."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from . import coverage, native, properties, samples
from .live import fuzz_live
from .targets import TARGETS

PARTS = ("properties", "live", "coverage", "native")


@dataclass(frozen=True)
class Plan:
    parts: tuple[str, ...]
    seconds: float
    """For each part."""
    examples: int
    """Of each property test, once, whatever the time; 0: rounds of fewer until the time is up."""
    seed: int
    folder: Path
    """Where evidence is kept."""
    tests: tuple[str, ...]
    targets: tuple[str, ...]


def search(plan: Plan) -> int:
    """The number of parts that found something."""
    print(f"seed {plan.seed}, evidence in {plan.folder}", flush=True)
    found = 0
    for part in plan.parts:
        print(f"== {part}, {plan.seconds:.0f} s", flush=True)
        found += bool(CARRY_OUT[part](plan))
    return found


def _properties(plan: Plan) -> int:
    if plan.examples:
        return properties.once(plan.examples, plan.tests, plan.seed)
    return properties.rounds(plan.seconds, plan.tests, plan.seed)


def _live(plan: Plan) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        fuzz = runner.run(fuzz_live(plan.folder, samples.messages(), plan.seed, plan.seconds))
    print(*fuzz.report(plan.seconds), sep="\n", flush=True)
    return len(fuzz.faults)


CARRY_OUT: dict[str, Callable[[Plan], int]] = {
    "properties": _properties,
    "live": _live,
    "native": lambda plan: native.search(samples.messages(), plan.seed, plan.seconds, plan.folder),
    "coverage": lambda plan: coverage.search(plan.targets, plan.seconds, plan.seed, plan.folder),
}


def read_arguments(arguments: Sequence[str] | None = None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="this one alone (default: all); repeatable")
    parser.add_argument("--minutes", type=float, default=5, help="for each part (default: 5)")
    parser.add_argument("--examples", type=int, default=0, help="of each property test, once, instead of for a time")
    parser.add_argument("--seed", type=int, help="the one of an earlier run (default: another one each time)")
    parser.add_argument("--folder", type=Path, help="for evidence (default: a new one for temporary files)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="of coverage; repeatable")
    parser.add_argument("tests", nargs="*", help="folders or files of tests for properties (default: all)")
    read = parser.parse_args(arguments)
    folder = read.folder or Path(tempfile.mkdtemp(prefix="sipedge-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    return Plan(
        tuple(read.part or PARTS),
        60 * read.minutes,
        read.examples,
        random.SystemRandom().randrange(2**31) if read.seed is None else read.seed,
        folder,
        tuple(read.tests),
        tuple(read.target or TARGETS),
    )


if __name__ == "__main__":
    sys.exit(1 if search(read_arguments()) else 0)
