"""``make fuzz`` on a live edge for a few seconds, with a seed that is always the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.e2e


def test_a_live_edge_stands_mutated_messages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.fuzz", "--part", "live", "--minutes", "0.07", "--seed", "1"]
    command += ["--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    first, _, counts, *_ = done.stdout.splitlines()
    assert first.startswith("seed 1, ")
    assert int(counts.split(" messages in ")[0]) > 1000
    assert int(counts.split(", ")[1].split()[0]) > 50
