"""``make soak`` in a few seconds: it begins, strikes, judges and ends. All faults are a step of CI of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.e2e
RATE = ("--rate", "100", "--seconds", "1", "--bound", "10")
"""So little that the tests beside it do not matter."""


def soak(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.soak", "--folder", str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_faults_of_a_peer_cost_nobody_a_request(tmp_path: Path) -> None:
    done = soak(tmp_path, "--faults", "none,rst,sighup", *RATE)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    header, _, *rows = done.stdout.partition("\n\n")[0].splitlines()
    assert header.startswith("| fault | requests | answered |")
    assert [row.split(" | ")[0] for row in rows] == ["| none", "| rst", "| sighup"]
    assert all(int(row.split(" | ")[1]) > 100 for row in rows)


def test_a_fault_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    done = soak(tmp_path, "--faults", "earthquake")
    assert done.returncode == 2
    assert "there is no fault 'earthquake', only none, peer killed," in done.stderr
