"""python -m tools.fuzz: property tests with other examples in every round, until the time is up.

What failed once is kept in .hypothesis and tried first the next time. A failure ends the search: pytest prints the
smallest example, which belongs into a test of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parents[1]
PYTEST = Path(sys.executable).parent / "pytest"


def rounds(seconds: float, tests: list[str]) -> int:
    """The exit status of the first round that failed; 0 when none has."""
    environment = {**os.environ, "SIPEDGE_EXAMPLES": "random"}
    command = [PYTEST, "-q", "-x", "-n", str(os.cpu_count() or 1), "-m", "hypothesis and not e2e", *tests]
    end, number = monotonic() + seconds, 0
    while monotonic() < end:
        number += 1
        print(f"round {number}, {max(0, end - monotonic()):.0f} s left", flush=True)
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if status:
            return status
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Property tests, searched at random.")
    parser.add_argument("--seconds", type=float, default=600, help="begin no round after this time (default: 600)")
    parser.add_argument("tests", nargs="*", help="folders or files of tests (default: all)")
    arguments = parser.parse_args()
    return rounds(arguments.seconds, arguments.tests)


if __name__ == "__main__":
    sys.exit(main())
