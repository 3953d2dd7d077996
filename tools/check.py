"""python -m tools.check: format, lint, types, then the fast pure tests, on all cores at once.

Only test files run that can tell something new (affected.py); ``--all`` runs all, as CI does. They are dealt out to as
many pytest processes as there are cores, each of which collects its own files only: with xdist every worker collects
all of them, which took longer than the tests themselves. What a process prints is shown when it has failed; exit status
1 then.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from .affected import Passed, Tree

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PASSED = ROOT / ".check" / "passed.json"
NOT_FAST = "not e2e and not slow"
COLLECTED_NOTHING = 5
"""Pytest's exit status where all tests of the files are left out."""
ENVIRONMENT = {**os.environ, "SIPEDGE_EXAMPLES": "quick", "PYTHONDONTWRITEBYTECODE": ""}
"""Byte code is kept: half of the time would go into compiling the tests anew."""


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    advice: str = ""
    """What to do when it fails."""
    files: tuple[str, ...] = ()
    """Test files that it runs, by their paths from the root."""


@dataclass(frozen=True)
class Outcome:
    step: Step
    status: int
    output: str
    seconds: float

    @property
    def failed(self) -> bool:
        return self.status not in (0, COLLECTED_NOTHING)


STATIC = (
    Step("format", (str(BIN / "ruff"), "format", "--check", "--quiet", "."), "'make fmt' lays these files out"),
    Step("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
    Step("types", (str(BIN / "mypy"),)),
)


def shares(files: Sequence[Path], count: int) -> list[list[Path]]:
    """Files dealt out one by one in the order of their paths: each share gets its part of every room."""
    ordered = sorted(files)
    return [share for start in range(count) if (share := ordered[start::count])]


def test_files(folders: Sequence[str]) -> list[Path]:
    """Of these folders or files, without the end-to-end tests."""
    roots = [ROOT / folder for folder in folders] or [ROOT / "tests"]
    found = {file for root in roots for file in (root.rglob("test_*.py") if root.is_dir() else [root])}
    return [file for file in found if "e2e" not in file.parts]


def test_steps(files: Sequence[Path], count: int) -> list[Step]:
    names = [tuple(str(file.relative_to(ROOT)) for file in share) for share in shares(files, count)]
    return [
        Step(f"tests {number}/{len(names)}", (str(BIN / "pytest"), "-m", NOT_FAST, *share), files=share)
        for number, share in enumerate(names, 1)
    ]


def carry_out(step: Step) -> Outcome:
    begin = perf_counter()
    done = subprocess.run(step.command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    return Outcome(step, done.returncode, done.stdout + done.stderr, perf_counter() - begin)


def report(outcome: Outcome) -> None:
    last = outcome.output.strip().splitlines()[-1:] if outcome.step.name.startswith("tests") else []
    print(
        f"{outcome.step.name:<10} {'FAILED' if outcome.failed else 'ok':<6} {outcome.seconds:5.1f} s  {''.join(last)}"
    )
    if outcome.failed:
        print(outcome.output)
        if outcome.step.advice:
            print(f"make check: {outcome.step.advice}")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.check", description="Checks that are quick; see make check.")
    parser.add_argument("folders", nargs="*", help="folders or files of tests (default: all)")
    parser.add_argument("--all", action="store_true", help="also what has passed and reaches nothing that has changed")
    return parser.parse_args()


def main() -> int:
    arguments = read_arguments()
    cores = len(os.sched_getaffinity(0))
    files, passed = test_files(arguments.folders), Passed(PASSED)
    tree = Tree(ROOT)
    digests = {name: tree.digest(name) for name in (file.relative_to(ROOT).as_posix() for file in files)}
    everything = arguments.all or "CI" in os.environ
    new = [file for file in files if everything or not _has(passed, digests, file)]
    if len(new) < len(files):
        print(f"{len(new)} of {len(files)} test files reach something that has changed since they passed (all: --all)")
    failed = False
    with ThreadPoolExecutor(cores) as pool:
        for outcome in pool.map(carry_out, [*STATIC, *test_steps(new, cores)]):
            report(outcome)
            failed |= outcome.failed
            if not outcome.failed:
                passed.note({name: digests[name] for name in outcome.step.files})
    return 1 if failed else 0


def _has(passed: Passed, digests: Mapping[str, str], file: Path) -> bool:
    name = file.relative_to(ROOT).as_posix()
    return passed.has(name, digests[name])


if __name__ == "__main__":
    sys.exit(main())
