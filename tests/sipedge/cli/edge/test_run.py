from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.configuration import EDGE, write


@pytest.mark.e2e
def test_nothing_starts_with_a_broken_configuration(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "histori = 1\n")
    command = [sys.executable, "-m", "sipedge", "run", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f'{path}:4:1: [edge] has no key "histori"')
    assert list(tmp_path.iterdir()) == [path]
