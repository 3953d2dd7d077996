"""The load generator (load.c): compiled on the spot, run on a core of its own, its one JSON line read back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .certificates import Certificates

SOURCE = Path(__file__).with_name("load.c")
GENERATOR_CORE = 1


class Unavailable(Exception):
    """Something the run needs is not on this machine; the text is one sentence: what, and how to get it."""


@dataclass(frozen=True)
class Load:
    """What to send: ``window`` per connection, ``body`` in bytes, ``rate`` a second (0: as many as windows allow).

    ``calls``: INVITE, ACK, BYE instead of MESSAGE; ``subscribe``: SUBSCRIBE, and the far end sends a NOTIFY back.
    """

    count: int
    connections: int = 4
    window: int = 16
    body: int = 200
    calls: bool = False
    subscribe: bool = False
    rate: float = 0


@dataclass(frozen=True)
class Measured:
    """What came of it; times in microseconds."""

    count: int
    answered: int
    lost: int
    unexpected: int
    per_second: float
    p50_us: int
    p99_us: int
    statuses: dict[str, int]

    @property
    def faults(self) -> int:
        """Transactions that were lost, answered twice or refused."""
        refused = sum(number for status, number in self.statuses.items() if status != "200")
        return self.lost + self.unexpected + refused


class Generator:
    """A compiled generator with the certificates that it shows."""

    def __init__(self, folder: Path, certificates: Certificates, *, anywhere: bool = False) -> None:
        """``anywhere``: on every core, and not on one of its own."""
        self.program = _compile(folder)
        self.certificates = certificates
        self._cores = os.sched_getaffinity(0) if anywhere else {GENERATOR_CORE}

    def start(self, load: Load, proxy: str) -> subprocess.Popen[str]:
        """Begin sending to ``proxy`` (address:port)."""
        return subprocess.Popen(
            [self.program, *self._arguments(load, proxy)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: pin(*self._cores),
        )

    def run(self, load: Load, proxy: str) -> Measured:
        """Send all and wait. Raises RuntimeError where the generator could not run to its end."""
        return read_result(self.start(load, proxy))

    def _arguments(self, load: Load, proxy: str) -> list[str]:
        certificates = self.certificates
        options = {
            "proxy": proxy,
            "certificate": certificates.certificate("load"),
            "key": certificates.key("load"),
            "trusted": certificates.trusted,
            "count": load.count,
            "connections": load.connections,
            "window": load.window,
            "body": load.body,
            "rate": load.rate,
        }
        return [f"--{name}={value}" for name, value in options.items()] + self._kind(load)

    def _kind(self, load: Load) -> list[str]:
        return ["--calls"] * load.calls + ["--subscribe"] * load.subscribe


def read_result(process: subprocess.Popen[str]) -> Measured:
    output, errors = process.communicate()
    if not output:
        raise RuntimeError(f"the load generator stopped: {errors.strip() or process.returncode}")
    fields = json.loads(output)
    return Measured(**{name: fields[name] for name in Measured.__dataclass_fields__})


def pin(*cores: int) -> None:
    """Keep the calling process on these cores; a machine with a single core has no choice to make."""
    if os.sched_getaffinity(0).issuperset(cores):
        os.sched_setaffinity(0, cores)


def _compile(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unavailable("no C compiler for the load generator (Debian: apt-get install gcc libc6-dev libssl-dev)")
    program = folder / "load"
    command = [compiler, "-O2", "-o", str(program), str(SOURCE), "-lssl", "-lcrypto"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return program
    if "openssl/" in done.stderr or "-lssl" in done.stderr:
        raise Unavailable("no OpenSSL headers for the load generator (Debian: apt-get install libssl-dev)")
    raise Unavailable(f"the load generator does not compile: {done.stderr.strip()}")
