"""A configuration read by a process of its own: reading a large plan takes seconds of Python, which would hold a loop.

Measured for 2,000 rules with a regex of groups each: 0.74 s to parse, 0.29 s to compile; what is left for the process
that asked is 0.1 s of unpacking and at most 0.2 s of compiling (``parcel.unpacked``).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Lock

from .load import load_config
from .parcel import packed, refused
from .reading.problems import ConfigError

LIMIT = 60.0
"""Seconds: a plan of 10,000 rules takes 12 on a busy machine."""
NICENESS = 10
"""Traffic goes first where both share a core."""


class ReadingError(Exception):
    """The process that reads came to no result; ``str()`` is one sentence."""


class Apart:
    """One reading. ``parcel`` waits, in a thread of the caller's; ``end`` may be called from any other, at any time."""

    def __init__(self, path: str, limit: float = LIMIT) -> None:
        """``limit``: seconds."""
        self._path, self._limit = path, limit
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._lock = Lock()
        """Of the two above."""

    def parcel(self) -> bytes:
        """For ``parcel.unpacked``. Raises OSError; ReadingError when the process fails or is too slow."""
        with self._started() as process:
            try:
                parcel, said = process.communicate(timeout=self._limit)
            except subprocess.TimeoutExpired:
                process.kill()
                raise ReadingError(f"{self._path}: reading it took longer than {self._limit:g} s") from None
        if process.returncode:
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            end = _end_text(process.returncode) + (f": {last}" if last else "")
            raise ReadingError(f"{self._path}: the process that read it {end}")
        return parcel

    def end(self) -> None:
        """Nobody wants the result any more."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._ended:
                raise ReadingError(f"{self._path}: nobody waits for it any more")
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, self._path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            return self._process


def _end_text(status: int) -> str:
    return f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def main() -> None:
    os.nice(NICENESS)
    try:
        parcel = packed(load_config(sys.argv[1]))
    except ConfigError as error:
        parcel = refused(error.problems)
    sys.stdout.buffer.write(parcel)


if __name__ == "__main__":
    main()
