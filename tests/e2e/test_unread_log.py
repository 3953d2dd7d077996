"""``sipedge run`` whose log nobody reads: a pipe of 4096 bytes holds up neither SIP nor the end."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address, listening
from support.running_edge import COMMAND, START_LIMIT, edge_toml, listener, neighbor, rule, with_workers
from support.stream import Callee, answer, connect, request

pytestmark = pytest.mark.e2e

PORT = 5060
LIMIT = 10.0
END_LIMIT = 5.0
"""Seconds after SIGTERM: two for the pipe, the rest for a loaded machine."""
METRIC = 'sipedge_log_dropped_total{output="stderr"} '


class DeafEdge:
    """Standard output and standard error are one pipe, which is read only by ``read_until``."""

    def __init__(self, folder: Path) -> None:
        self.own, self.address, self.far = (fresh_address() for _ in range(3))
        ca = make_ca(folder)
        zones = [neighbor("near", [self.own], "TCP"), neighbor("far", [self.far], "TCP")]
        metrics = f'[metrics]\nlisten = "{self.address}:9100"\n'
        leaf = issue(ca, ips=[self.address])
        config = edge_toml(ca, leaf, listener("tcp", self.address, "TCP"), *zones, metrics)
        (folder / "edge.toml").write_text(with_workers(config))
        (folder / "edge.dialplan").write_text(rule("out", r".*@far\.example", "far"))
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        command = [COMMAND, "run", folder / "edge.toml"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing)
        os.close(writing)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not listening(self.address, PORT):
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)  # the kernel tells nobody of a new listener: ask it again

    def refuse(self, sources: int, each: int) -> None:
        """Connections of strangers, each of which makes two lines; few enough of each source that all are logged."""
        for number in range(sources * each):
            source = f"127.30.{os.getpid() % 254 + 1}.{number % sources + 1}"
            with connect(source, self.address, PORT) as stranger:
                assert stranger.read_end() == b""

    def deliver(self, number: int) -> None:
        message = request("MESSAGE", "sip:bob@far.example", self.own, number, transport="TCP")
        with connect(self.own, self.address, PORT) as caller, Callee(self.far, PORT) as callee:
            caller.send(message)
            with callee.accept() as connection:
                connection.send(answer(connection.read_message()))
                assert caller.read_message().startswith(b"SIP/2.0 200 ")

    def dropped(self) -> float:
        with urlopen(f"http://{self.address}:9100/metrics", timeout=LIMIT) as response:
            lines = response.read().decode().splitlines()
        return next(float(line.removeprefix(METRIC)) for line in lines if line.startswith(METRIC))

    def read_until(self, text: bytes) -> bytes:
        read = b""
        while text not in read:
            more = os.read(self.reading, 65536)
            assert more, read
            read += more
        return read

    def terminate(self) -> float:
        """SIGTERM; the seconds until the end."""
        began = time.monotonic()
        self.process.terminate()
        assert self.process.wait(LIMIT) == 0
        return time.monotonic() - began

    def close(self) -> None:
        """Without a reader, whatever still waits to write goes on."""
        if self.reading >= 0:
            os.close(self.reading)
            self.reading = -1
        self.process.terminate()
        self.process.wait(LIMIT)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[DeafEdge]:
    made = DeafEdge(tmp_path)
    try:
        made.wait_until_ready()
        yield made
    finally:
        made.close()


def test_traffic_goes_on_and_sigterm_ends_in_time(edge: DeafEdge) -> None:
    edge.deliver(1)
    edge.refuse(sources=100, each=18)
    assert edge.dropped() > 0
    edge.deliver(2)
    assert edge.terminate() < END_LIMIT


def test_after_a_crash_the_supervisor_starts_the_edge_again(edge: DeafEdge) -> None:
    """Its own line about the crash finds the pipe full."""
    edge.refuse(sources=10, each=18)
    children = Path(f"/proc/{edge.process.pid}/task/{edge.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGABRT)
    edge.deliver(1)  # the connection waits in the supervisor's socket until there is a worker again
    assert edge.terminate() < END_LIMIT


def test_a_reader_that_comes_back_is_told_what_it_missed(edge: DeafEdge) -> None:
    edge.refuse(sources=100, each=18)
    lost = edge.dropped()
    read = edge.read_until(b" lines are lost so far")
    assert b" serves " in read
    assert f"WARNING log: stderr: {lost:.0f} lines are lost so far".encode() in read
    edge.deliver(1)
    assert edge.terminate() < END_LIMIT


def test_a_reader_that_is_gone_is_harmless(edge: DeafEdge) -> None:
    edge.read_until(b" serves ")
    os.close(edge.reading)
    edge.reading = -1
    edge.refuse(sources=2, each=5)
    edge.deliver(1)
    assert edge.terminate() < END_LIMIT
