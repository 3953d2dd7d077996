"""The property tests, with other examples in every round, until the time is up.

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
    environment = {**os.environ, "SIPEDGE_EXAMPLES": "random"}
    command = [str(PYTEST), "-q", "-x", "-n", str(os.cpu_count() or 1), "-m", "hypothesis and not e2e", *tests]
    end, number = monotonic() + seconds, 0
    while monotonic() < end:
        number += 1
        print(f"round {number}, {max(0, end - monotonic()):.0f} s left", flush=True)
        seeded = [*command, f"--hypothesis-seed={seed + number}"]
        status = subprocess.run(seeded, cwd=ROOT, env=environment, check=False).returncode
        if status:
            return status
    return 0
