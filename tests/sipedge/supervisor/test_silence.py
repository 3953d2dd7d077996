"""A worker's silence: what of it counts, by what the kernel says of its threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sipedge.supervisor import silence
from sipedge.supervisor.silence import Silence, Thread, threads_of, waited_for_core

ASLEEP, READY = Thread(False, 1.0, 1.0), Thread(True, 1.0, 1.0)


@pytest.mark.parametrize(
    ("before", "after", "waited"),
    [
        ({"1": ASLEEP}, {"1": ASLEEP}, 0.0),
        ({"1": ASLEEP}, {"1": READY}, 2.0),
        ({"1": READY}, {"1": Thread(True, 3.0, 1.0)}, 0.0),
        ({"1": READY}, {"1": Thread(True, 1.5, 1.0)}, 1.5),
        ({"1": READY}, {"1": Thread(False, 1.5, 1.4)}, 0.4),
        ({"1": READY}, {"1": Thread(False, 1.0, 9.0)}, 2.0),
        ({"1": ASLEEP, "2": ASLEEP}, {"1": ASLEEP, "2": READY}, 2.0),
        ({"1": READY}, {"2": READY}, 0.0),
        ({"1": READY}, {"1": Thread(True, 0.5, 0.5)}, 2.0),
        ({}, {}, 0.0),
    ],
    ids=[
        "asleep",
        "ready, never on a core",
        "busy",
        "busy for a quarter",
        "it waited a little and sleeps",
        "never more than there was",
        "another thread, which may hold the lock",
        "not the same thread",
        "another process with its number",
        "nothing is known",
    ],
)
def test_what_counts_as_waiting_for_a_core(before: dict[str, Thread], after: dict[str, Thread], waited: float) -> None:
    assert waited_for_core(before, after, 2.0) == pytest.approx(waited)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "print('up', flush=True); input()\nwhile True: pass"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        while is_any_ready(process.pid):
            pass
        yield process
        process.kill()


def is_any_ready(pid: int) -> bool:
    return any(thread.is_ready for thread in threads_of(pid).values())


def grows_busy(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def looks_until_hung(pid: int) -> int:
    """Looks a second after each other, as a worker is hung after more than four."""
    found = Silence()
    for number in range(1, 20):
        found.passed(1.0, pid, 4.0)
        if found.is_longer_than(4.0):
            return number
    raise AssertionError("it never counts as hung")


def test_a_worker_that_sleeps_or_is_stopped_is_hung_after_the_limit(child: subprocess.Popen[str]) -> None:
    assert looks_until_hung(child.pid) == 5
    os.kill(child.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)
    assert looks_until_hung(child.pid) == 5


def test_a_process_that_is_gone_is_hung_after_the_limit(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    assert threads_of(child.pid) == {}
    assert looks_until_hung(child.pid) == 5


def test_a_worker_that_gets_no_core_has_three_times_as_long(
    child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it is ready all the time, and the looks come faster than it could have run for so long."""
    grows_busy(child)
    while not is_any_ready(child.pid):
        pass
    assert looks_until_hung(child.pid) == 13
    monkeypatch.setattr(silence, "PATIENT", 4.0)
    assert looks_until_hung(child.pid) == 17


def test_the_kernel_says_how_long_a_thread_ran(child: subprocess.Popen[str]) -> None:
    """Busy on a core it counts as hung: what it ran is what counts."""
    (before,) = threads_of(child.pid).values()
    grows_busy(child)
    while next(iter(threads_of(child.pid).values())).ran < before.ran + 0.05:
        pass
