"""The parent process: a crash is followed by a new start, an ordinary end is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

PROGRAM = """
import os, sys
from sipedge.edge.supervisor import supervise

def work():
    path = sys.argv[1]
    with open(path, "a") as file:
        file.write("x")
    if os.path.getsize(path) < 3:
        os.abort()
    return 7

sys.exit(supervise(work))
"""


def test_it_starts_again_after_a_crash_and_hands_the_status_on(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(starts)], capture_output=True, text=True, timeout=30)
    assert (done.returncode, starts.read_text()) == (7, "xxx")
    assert done.stderr.count("SIGABRT") == 2


def test_signals_reach_the_child_and_end_both() -> None:
    program = "import signal\nfrom sipedge.edge.supervisor import supervise\n"
    program += "def work():\n    print('up', flush=True)\n    signal.pause()\n    return 0\nsupervise(work)\n"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        assert parent.stdout.readline() == "up\n"
        os.kill(parent.pid, signal.SIGTERM)
        parent.wait(10)
        assert parent.stdout.read() == ""  # the child held the other end: it is gone too


def test_the_child_ends_with_its_parent() -> None:
    program = "import signal\nfrom sipedge.edge.supervisor import supervise\n"
    program += "def work():\n    print('up', flush=True)\n    signal.pause()\n    return 0\nsupervise(work)\n"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        assert parent.stdout.readline() == "up\n"
        parent.kill()
        assert parent.stdout.read() == ""
