"""``sipedge lab --expressway`` and the lesson that it prints, word for word, as a newcomer types it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
COMMAND = [sys.executable, "-m", "sipedge"]


@pytest.fixture
def lesson() -> Iterator[list[str]]:
    """The commands, without their first word."""
    lab = subprocess.Popen([*COMMAND, "lab", "--expressway"], stdout=subprocess.PIPE, text=True)
    try:
        assert lab.stdout is not None
        lines = []
        for line in lab.stdout:
            lines.append(line)
            if "expressway drift" in line:
                break
        yield [line.removeprefix("  sipedge ").strip() for line in lines if line.startswith("  sipedge ")]
        lab.send_signal(signal.SIGINT)
        assert lab.wait(30) == 0
    finally:
        lab.kill()
        lab.wait()
        assert lab.stdout is not None
        lab.stdout.close()


def run(line: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, *line.split()], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_lesson_works(lesson: list[str], tmp_path: Path) -> None:
    pull_inside, pull_outside, push, drift = lesson
    for line in (pull_inside, pull_outside):
        status, output = run(line, tmp_path)
        assert status == 0, output
    status, output = run(drift, tmp_path)
    assert status == 0 and "The way back of NOTIFY: good" in output, output
    assert "if the peer record-routes SUBSCRIBE is lost" in output
    plan = tmp_path / "c/edge.dialplan"
    plan.write_text(re.sub(r'(rule "Own domain to IMP" \{\n +priority) 20', r"\1 21", plan.read_text()))
    status, output = run(push, tmp_path)
    assert status == 0 and "proved: after each of 1 write" in output and "nothing was written" in output, output
    status, output = run(f"{push} --write --keep before.dialplan", tmp_path)
    assert status == 0 and "1 write done; the way back: push before.dialplan" in output, output
    status, output = run(drift, tmp_path)
    assert status == 1 and 'search rule "Own domain to IMP": Priority "20" -> "21"' in output, output
    assert "<svg" in (tmp_path / "report.html").read_text()
