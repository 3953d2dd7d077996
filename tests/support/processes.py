"""Programs that a test starts on loopback: an address of their own, ready when they listen, ended by their handle."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

START_LIMIT = 30.0
"""Seconds until a program must listen."""
STOP_LIMIT = 1.0
"""Seconds after SIGTERM. Nothing that these programs do on the way out matters; Kamailio at times never gets there."""
LISTEN = "0A"
"""State of a listening socket in /proc/net/tcp (proc(5))."""

_hosts = itertools.count(1)


def fresh_address() -> str:
    """A loopback address that no other test uses: a network for each test process, a number for each call."""
    return f"127.20.{os.getpid() % 254 + 1}.{next(_hosts) % 254 + 1}"


class Program:
    """A child process with a log file. A context manager: ready inside, gone outside."""

    def __init__(self, command: Sequence[str | Path], log: Path, *, listens: Sequence[tuple[str, int]] = ()) -> None:
        """``listens``: addresses and ports that it must listen on before it counts as ready."""
        self.command = [str(word) for word in command]
        self.log = log
        self._listens = list(listens)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Program:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                process_group=0,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "not started"
        return self._process

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float) -> int:
        """Its exit status, when it ends by itself. Raises subprocess.TimeoutExpired."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and SIGKILL to it and its children when it does not heed that; the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not all(listening(address, port) for address, port in self._listens):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} ended with {self.process.returncode}:\n{self.output()[-3000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.command[0]} does not listen on {self._listens}:\n{self.output()[-3000:]}")
            time.sleep(0.01)  # the kernel tells nobody of a new listener: ask it again


def listening(address: str, port: int) -> bool:
    """Whether anybody listens there, found without a connection that the listener would see."""
    packed = struct.unpack("=I", socket.inet_aton(address))[0]
    wanted = f"{packed:08X}:{port:04X}"
    with open("/proc/net/tcp") as table:
        return any(fields[1] == wanted and fields[3] == LISTEN for fields in map(str.split, table))


def wait_until_closed(address: str, port: int) -> None:
    """Return when nobody listens there any more. TimeoutError when that takes too long."""
    deadline = time.monotonic() + START_LIMIT
    while listening(address, port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"somebody still listens on {address}:{port}")
        time.sleep(0.01)


def naming(folder: Path) -> set[int]:
    """The processes with this folder, or a file in it, on their command line."""
    wanted, found = str(folder).encode(), set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            if wanted in words:
                found.add(int(entry.name))
    return found
