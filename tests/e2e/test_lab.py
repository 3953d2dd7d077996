"""The main job as a whole: ``sipedge lab`` with all its parties and both edges as processes of their own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from sipedge.lab.scenario import STEPS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]
COMMAND = [sys.executable, "-m", "sipedge", "lab"]


@pytest.mark.parametrize("options", [[], ["--hidden"]])
def test_everything_arrives(options: list[str]) -> None:
    lab = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = lab.communicate(timeout=140)
    except BaseException:
        end(lab)
        raise
    assert lab.returncode == 0, output
    for title in STEPS:
        assert f"\nok      {title}: " in output
    assert f"verdict: all {len(STEPS)} steps arrived" in output
    assert 'rule "Own domain to IMP" → IMP' in output
    rule_for_notify = 'rule "IMP Public to inside" → Inside'
    assert (rule_for_notify in output) != bool(options)  # a sealed Contact needs none
    assert 'rule "Any alias to Microsoft" → Microsoft' in output
    assert "ms-diagnostics: 1009;" in output and "ms-diagnostics: 1010;" in output
    assert all(len(line) <= 120 for line in output.splitlines())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_kept_lab_stays_until_it_is_told_to_end(number: signal.Signals) -> None:
    lab = subprocess.Popen([*COMMAND, "--keep"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert lab.stdout is not None
        lines = []
        for line in lab.stdout:
            lines.append(line)
            if line.startswith("  DNS "):
                break
        assert lab.poll() is None, "".join(lines)
        address = re.search(r"outside edge +(127\.77\.\d+\.3):5061", "".join(lines))
        assert address, "".join(lines)
        lab.send_signal(number)
        lab.communicate(timeout=40)
    finally:
        end(lab)
    assert not listeners(address[1].rpartition(".")[0])


def end(process: subprocess.Popen[str]) -> None:
    """SIGTERM first: that lets it end its children."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def listeners(prefix: str) -> list[str]:
    """Sockets that still listen in an address block, looked at again for a moment while they go away."""
    octets = [int(part) for part in prefix.split(".")]
    reverse = "".join(f"{octet:02X}" for octet in reversed(octets))
    deadline = time.monotonic() + 12
    found: list[str] = []
    while time.monotonic() < deadline:
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        found = [row[1] for row in rows if row[3] == "0A" and row[1][2:8] == reverse]
        if not found:
            break
        time.sleep(0.05)
    return found
