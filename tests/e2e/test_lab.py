"""The main job as a whole: ``sipedge lab`` with all its parties and both edges as processes of their own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from support.asked import command
from support.third_party import require

from sipedge.lab import scenario, scenario_web, scenario_xmpp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]
STEPS = [*scenario.STEPS, *scenario_xmpp.STEPS, *scenario_web.STEPS]
COMMAND = [sys.executable, "-m", "sipedge", "lab"]


@pytest.mark.parametrize("options", [[], ["--hidden"], ["--b2bua"]])
def test_everything_arrives(options: list[str]) -> None:
    require("prosody")
    require("haproxy")
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
    lab = subprocess.Popen(
        [*COMMAND, "--keep", "--console"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
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
        told = re.search(r"ask them +sipedge status \(.*\) (/.*/)outside\.toml\n", "".join(lines))
        assert told, "".join(lines)
        look_around(Path(told[1]))
        console = re.search(r"inside console +(http://[\d.:]+/)\n", "".join(lines))
        assert console, "".join(lines)
        assert "Own domain to IMP" in httpx.get(f"{console[1]}history").text
        lab.send_signal(number)
        lab.communicate(timeout=40)
    finally:
        end(lab)
    assert not listeners(address[1].rpartition(".")[0])


def look_around(folder: Path) -> None:
    """Both edges say how they are and what they decided, as the lab's last lines promise."""
    inside, outside = folder / "inside.toml", folder / "outside.toml"
    code, out, _ = command("status", outside)
    assert code == 0 and re.search(
        r"^  Inside: traversal server, 1 connection, up\n    connection \d+ active", out, re.M
    )
    assert "expc.ciscoexample.com" in out
    code, out, _ = command("status", inside)
    assert code == 0 and re.search(r"^  Outside: traversal client, 1 connection, up\n    \S+ active for ", out, re.M)
    code, out, _ = command("history", outside, "--zone", "Inside")
    assert code == 0 and "  sent to Inside connection " in out
    code, out, _ = command("probe", inside, "Outside")
    assert code == 0 and re.search(r":7001  (200|401) ", out)
    assert command("probe", outside, "Inside")[0] == 1


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
