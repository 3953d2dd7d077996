"""The thread that writes for others, against real pipes: read, full, and without a reader."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sipedge.edge.logs.writer import MAX_BYTES, Writer

PIPE = 4096
LIMIT = 10.0
LINE = b"x" * 99 + b"\n"


def _told(lost: int) -> bytes:
    return b"%d lost\n" % lost


class Pipe:
    """Of the smallest size that Linux has."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, PIPE)

    def read_until(self, end: bytes) -> bytes:
        read = b""
        while end not in read:
            read += os.read(self.reading, 65536)
        return read


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for end in (made.reading, made.writing):
        try:
            os.close(end)
        except OSError:  # the test has closed it
            pass


@contextmanager
def no_waiting() -> Iterator[None]:
    """What is inside may not block: an alarm ends the test."""

    def late(*_: object) -> None:
        raise TimeoutError("it waited for the reader")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fill(writer: Writer) -> int:
    """More lines than queue and pipe can hold; how many."""
    lines = (MAX_BYTES + PIPE) // len(LINE) + 500
    with no_waiting():
        for _ in range(lines):
            writer.put(LINE)
    return lines


def test_lines_arrive_in_order(pipe: Pipe) -> None:
    writer = Writer("test", pipe.writing, _told)
    for number in range(30):
        writer.put(b"%d\n" % number)
    assert writer.flush(LIMIT)
    assert os.read(pipe.reading, PIPE) == b"".join(b"%d\n" % number for number in range(30))
    assert writer.dropped == 0


def test_a_full_pipe_costs_lines_that_are_counted_and_told_once_it_is_read(pipe: Pipe) -> None:
    writer = Writer("test", pipe.writing, _told)
    lines = _fill(writer)
    lost = writer.dropped
    assert lost >= 500
    read = pipe.read_until(b" lost\n")
    writer.put(b"the end\n")
    read += pipe.read_until(b"the end\n")
    assert read.count(LINE) + lost == lines
    assert read.count(b" lost\n") == 1 and _told(lost) in read


def test_flush_ends_in_time_when_nobody_reads(pipe: Pipe) -> None:
    writer = Writer("test", pipe.writing, _told)
    _fill(writer)
    began = time.monotonic()
    assert not writer.flush(0.1)
    assert 0.1 <= time.monotonic() - began < LIMIT
    os.close(pipe.reading)
    assert writer.flush(LIMIT), "now the thread can go on"


def test_a_reader_that_is_gone_is_harmless_and_what_it_missed_is_counted(pipe: Pipe) -> None:
    os.close(pipe.reading)
    writer = Writer("test", pipe.writing, _told)
    for _ in range(5):
        writer.put(LINE)
    assert writer.flush(LIMIT)
    assert writer.dropped == 5


def test_a_full_disk_is_told_when_there_is_room_again(pipe: Pipe) -> None:
    full, kept = os.open("/dev/full", os.O_WRONLY), os.dup(pipe.writing)
    os.dup2(full, pipe.writing)
    writer = Writer("test", pipe.writing, _told)
    writer.put(LINE)
    assert writer.flush(LIMIT)
    os.dup2(kept, pipe.writing)
    writer.put(LINE)
    assert pipe.read_until(b" lost\n") == LINE + b"1 lost\n"
    os.close(full)
    os.close(kept)


def test_a_descriptor_that_does_not_block_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.writing, False)
    writer = Writer("test", pipe.writing, _told)
    for _ in range(200):
        writer.put(LINE)
    writer.put(b"the end\n")
    assert pipe.read_until(b"the end\n") == LINE * 200 + b"the end\n"


def test_a_line_longer_than_the_queue_is_dropped(pipe: Pipe) -> None:
    writer = Writer("test", pipe.writing, _told)
    writer.put(b"x" * (MAX_BYTES + 1))
    writer.put(LINE)
    assert pipe.read_until(b" lost\n") == LINE + b"1 lost\n"


FORKED = """
import os, sys
from sipedge.edge.logs.writer import Writer
writer = Writer("test", 1, lambda lost: b"")
writer.put(b"parent\\n")
writer.flush(9)
if os.fork() == 0:
    writer.put(b"child\\n")
    writer.flush(9)
    os._exit(0)
os.wait()
writer.put(b"parent again\\n")
writer.flush(9)
"""


def test_a_child_has_a_thread_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("parent\nchild\nparent again\n", "")


def test_a_process_ends_although_its_thread_hangs_in_a_write(pipe: Pipe) -> None:
    program = "from sipedge.edge.logs.writer import Writer\nwriter = Writer('test', 2, lambda lost: b'')\n"
    program += "for _ in range(100): writer.put(b'x' * 100)\nprint(writer.flush(0.1))\n"
    done = subprocess.run([sys.executable, "-c", program], stdout=-1, stderr=pipe.writing, timeout=LIMIT)
    assert (done.returncode, done.stdout) == (0, b"False\n")
