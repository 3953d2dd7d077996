"""The property tests, with other examples in every round, until the time is up, or once with a number of examples each.

What failed once is kept in .hypothesis and tried first the next time. A failure ends the search: pytest prints the
smallest example, which belongs into a test of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from tools.live.edge import ROOT

PYTEST = Path(sys.executable).parent / "pytest"


def rounds(seconds: float, tests: Sequence[str], seed: int) -> int:
    """The exit status of the first round that failed; 0 when none has."""
    end, number = monotonic() + seconds, 0
    while monotonic() < end:
        number += 1
        print(f"round {number}, {max(0, end - monotonic()):.0f} s left", flush=True)
        status = _round("random", ["-n", str(os.cpu_count() or 1), *tests], seed + number)
        if status:
            return status
    return 0


def once(examples: int, tests: Sequence[str], seed: int) -> int:
    """So many examples of each test, in one process, however long it takes: the exit status."""
    return _round(str(examples), ["--timeout=0", *tests], seed)


def _round(examples: str, arguments: Sequence[str], seed: int) -> int:
    command = [str(PYTEST), "-q", "-x", "-m", "hypothesis and not e2e", f"--hypothesis-seed={seed}", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "SIPEDGE_EXAMPLES": examples}, check=False).returncode
