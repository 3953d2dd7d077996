"""A bench as a program: a folder of its own, options that several share, an exit status."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .load import Unavailable

CANNOT_RUN = 2


def run_in_folder(name: str, run: Callable[[Path], int]) -> int:
    """The exit status of ``run``; 2 with one line on stderr when it cannot run here. The folder goes afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix="sipedge-bench-") as folder:
            return run(Path(folder))
    except (Unavailable, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return CANNOT_RUN


def add_load_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--body", type=int, default=200, help="bytes in a body (default: 200)")
    parser.add_argument("--calls", action="store_true", help="INVITE, ACK and BYE instead of MESSAGE")
