"""Instructions that a Python program executes, counted by valgrind: other load on the machine does not change them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .load import Unavailable

MARKER = "getpgid"
"""A function of libc that nobody else calls here: the counts of what is between two calls are kept apart."""


def mark() -> None:
    """The end of a part, for ``parts``; costs next to nothing elsewhere."""
    os.getpgid(0)


def total(module: str, *arguments: str) -> int:
    """Of a whole run of ``python -m module``. Raises Unavailable without valgrind, RuntimeError."""
    return int(
        _collected(_run("cachegrind", ["--cache-sim=no", f"--cachegrind-out-file={os.devnull}"], module, arguments))
    )


def parts(folder: Path, module: str, *arguments: str) -> list[int]:
    """Of each part between two calls of ``mark``; profiles for callgrind_annotate stay in ``folder``.

    Three times as slow as ``total``. Raises Unavailable without valgrind, RuntimeError.
    """
    output = folder / "part"
    _run("callgrind", [f"--dump-before={MARKER}", f"--callgrind-out-file={output}"], module, arguments)
    dumps = sorted(folder.glob("part.*"), key=lambda path: int(path.suffix[1:]))
    return [_summary(path) for path in dumps[1:]]


def _run(tool: str, options: list[str], module: str, arguments: tuple[str, ...]) -> str:
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise Unavailable("no valgrind (Debian: apt-get install valgrind)")
    command = [valgrind, f"--tool={tool}", *options, sys.executable, "-m", module, *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stderr


def _collected(report: str) -> str:
    found = re.search(r"I +refs: +([\d,]+)", report)
    if found is None:
        raise RuntimeError(f"valgrind told no figure: {report[-500:]}")
    return found[1].replace(",", "")


def _summary(dump: Path) -> int:
    found = re.search(r"^summary: (\d+)", dump.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{dump} has no summary")
    return int(found[1])
