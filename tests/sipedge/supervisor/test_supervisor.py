"""The parent process: an end that nobody asked for is followed by a new start, any other is not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

HEAD = """
import os, signal, socket, sys, time
from sipedge.supervisor import supervisor
from sipedge.supervisor.link import Kept
supervisor.FIRST_PAUSE = 0.05
HEARTBEAT = 60

def work(link, kept):
    starts = int(kept.packed) + 1 if kept else 1
    link.keep(Kept(HEARTBEAT, b"%d" % starts, kept.sockets if kept else {}))
    link.done()
    print("up", starts, flush=True)
    return go_on(link, starts)

"""
TAIL = "\nsys.exit(supervisor.supervise(work))\n"
WAITS = "def go_on(link, starts):\n    signal.pause()\n    return 0\n"
BEATS = "def go_on(link, starts):\n    while True:\n        link.beat()\n        time.sleep(0.05)\n"


def start(body: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HEAD + body + TAIL]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("os.abort()", "died of SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "died of SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "died of SIGTERM"),
        ("sys.exit(3)", "ended with status 3"),
        ("return 0", "ended with status 0"),
    ],
)
def test_whatever_ends_the_worker_it_starts_again_with_what_was_kept(end: str, said: str) -> None:
    with start(f"def go_on(link, starts):\n    if starts < 3:\n        {end}\n    signal.pause()\n") as parent:
        assert parent.stdout is not None and parent.stderr is not None
        assert [parent.stdout.readline() for _ in range(3)] == ["up 1\n", "up 2\n", "up 3\n"]
        parent.terminate()
        assert parent.wait(10) == 0
        assert parent.stderr.read().count(said) == 2


def test_a_first_start_that_fails_is_final() -> None:
    program = "from sipedge.supervisor.supervisor import supervise\nraise SystemExit(supervise(lambda link, kept: 7))\n"
    assert subprocess.run([sys.executable, "-c", program], timeout=10).returncode == 7


def test_a_worker_without_a_heartbeat_is_aborted_and_started_again() -> None:
    with start("HEARTBEAT = 0.3\n" + WAITS) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        assert [parent.stdout.readline() for _ in range(2)] == ["up 1\n", "up 2\n"]
        parent.terminate()
        assert parent.wait(10) == 0
        assert "no sign of life for 0.3 s and gets SIGABRT" in parent.stderr.read()


def test_a_worker_that_heeds_no_signal_is_killed_and_its_parent_ends_in_time() -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    signal.signal(signal.SIGABRT, signal.SIG_IGN)"
    body = f"HEARTBEAT, supervisor.ABORT_GRACE = 0.3, 0.2\ndef go_on(link, starts):\n    {deaf}\n"
    body += "    print('deaf', flush=True)\n    while True:\n        signal.pause()\n"
    with start(body) as parent:
        assert parent.stdout is not None
        assert [parent.stdout.readline() for _ in range(2)] == ["up 1\n", "deaf\n"]
        parent.terminate()
        assert parent.wait(10) == 128 + signal.SIGKILL


def test_a_heartbeat_keeps_it_alive() -> None:
    with start("HEARTBEAT = 1\n" + BEATS.replace("while True", "for _ in range(40)")) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        assert [parent.stdout.readline() for _ in range(2)] == ["up 1\n", "up 2\n"]
        parent.terminate()
        assert "sign of life" not in parent.stderr.read()


def test_a_supervisor_that_was_stopped_blames_no_worker_for_it() -> None:
    """Alone, or with its worker as on a machine that is paused, where it may be the first one to go on."""
    beats = "def go_on(link, starts):\n    while True:\n        print(os.getpid(), flush=True)\n        link.beat()\n"
    with start("HEARTBEAT = 0.8\n" + beats + "        time.sleep(0.05)\n") as parent:
        assert parent.stdout is not None and parent.stderr is not None
        assert parent.stdout.readline() == "up 1\n"
        worker = int(parent.stdout.readline())

        def lives(beats: int) -> None:
            assert parent.stdout is not None
            assert {int(parent.stdout.readline()) for _ in range(beats)} == {worker}

        os.kill(parent.pid, signal.SIGSTOP)
        lives(30)
        os.kill(parent.pid, signal.SIGCONT)
        lives(20)
        os.kill(worker, signal.SIGSTOP)
        os.kill(parent.pid, signal.SIGSTOP)
        signal.sigtimedwait([], 1.5)
        os.kill(parent.pid, signal.SIGCONT)
        os.kill(worker, signal.SIGCONT)
        lives(40)
        parent.terminate()
        assert parent.wait(10) == 0
        assert "sign of life" not in parent.stderr.read()


STARVED = """
import subprocess
from sipedge.supervisor import silence
silence.PATIENT = 100
HEARTBEAT = 0.5

def go_on(link, starts):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    end = time.monotonic() + 3
    spin = f"import time\\nwhile time.monotonic() < {end}: pass"
    others = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(8)]
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    longest, now = 0, time.monotonic()
    while now < end:
        link.beat()
        before, now = now, time.monotonic()
        longest = max(longest, now - before)
    print("starved" if longest > 2 * HEARTBEAT else "fed", flush=True)
    while True:
        link.beat()
        time.sleep(0.05)
"""


def test_a_worker_that_waits_for_a_core_is_left_alone() -> None:
    """Beside eight others that leave it nothing of theirs, for three seconds."""
    with start(STARVED) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        assert parent.stdout.readline() == "up 1\n"
        assert parent.stdout.readline() == "starved\n"
        parent.terminate()
        assert parent.wait(10) == 0
        assert "sign of life" not in parent.stderr.read()


def test_sigterm_between_two_workers_ends_the_parent() -> None:
    body = "supervisor.FIRST_PAUSE = 60\ndef go_on(link, starts):\n    os.abort()\n"
    with start(body) as parent:
        assert parent.stderr is not None
        assert any("started again in 60 s" in line for line in parent.stderr)
        parent.terminate()
        assert parent.wait(10) == 0


def test_a_sighup_that_comes_too_early_is_handed_on_when_the_worker_can_heed_it() -> None:
    body = """
def go_on(link, starts):
    if starts == 1:
        os.abort()
    signal.signal(signal.SIGHUP, lambda *_: print("reload", flush=True))
    link.keep(Kept(60, b"2", {}))
    while True:
        signal.pause()
"""
    program = HEAD.replace("    link.keep(", "    if starts == 1: link.keep(").replace("= 0.05", "= 0.5")
    command = [sys.executable, "-c", program + body + TAIL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        assert any("started again in 0.5 s" in line for line in parent.stderr)
        parent.send_signal(signal.SIGHUP)
        assert [parent.stdout.readline() for _ in range(3)] == ["up 1\n", "up 2\n", "reload\n"]
        parent.terminate()


def test_the_child_ends_with_its_parent() -> None:
    with start(WAITS) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up 1\n"
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.stdout.read() == ""  # the child held the other end: it is gone too


def test_sockets_outlive_a_worker(tmp_path: Path) -> None:
    """Who connects while there is no worker waits for the next one."""
    body = f"""
from sipedge.network.tcp.sockets import Sockets
from sipedge.settings import Listener

def work(link, kept):
    if kept is None:
        listening = Sockets.listen("127.0.0.1", 0)
        link.keep(Kept(60, b"", {{("127.0.0.1", 0, "a"): listening}}))
        print(listening.getsockname()[1], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    (listening,) = kept.sockets.values()
    while not os.path.exists({str(tmp_path / "go")!r}):
        time.sleep(0.01)
    listening.setblocking(True)
    listening.accept()[0].sendall(b"served")
    signal.pause()
"""
    with start(body) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        port = int(parent.stdout.readline())
        assert any("died of SIGKILL" in line for line in parent.stderr)
        with socket.create_connection(("127.0.0.1", port), 5) as early:
            (tmp_path / "go").touch()
            early.settimeout(5)
            assert early.recv(6) == b"served"
        parent.terminate()
        assert parent.wait(10) == 0
