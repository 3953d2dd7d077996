"""python -m tools.bench.profile: where the edge's time goes under load, sampled by py-spy from outside."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .certificates import make_certificates
from .load import GENERATOR_CORE, Generator, Load, Unavailable, pin, read_result
from .program import add_load_options, run_in_folder
from .proxies import Running, edge

RATE = 250
"""Samples a second; the edge stands still while one is taken."""
WARM_UP = 2.0
"""Seconds under load before the first sample."""
LIMIT = 10_000_000
"""More transactions than can be sent in the time: the generator is ended when the samples are there."""
OTHER_THREAD = "_bootstrap_inner (threading.py"
"""In every stack that is not the main thread's: the others only wait, which py-spy cannot always tell from work."""

Stacks = list[tuple[list[str], int]]
"""Functions of a call stack, outermost first, and how often it was seen."""


def sample(pid: int, seconds: int, native: bool, folder: Path) -> Stacks:
    """``native``: functions of C libraries too."""
    program = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if program is None:
        raise Unavailable("no py-spy (.venv/bin/pip install -e '.[bench]')")
    output = folder / "stacks"
    command = [program, "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE)]
    command += ["--format", "raw", "--output", str(output)] + ["--native"] * native
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=lambda: pin(GENERATOR_CORE))
    if done.returncode:
        raise RuntimeError(f"py-spy: {done.stderr.strip()}")
    lines = (line.rpartition(" ") for line in output.read_text().splitlines() if OTHER_THREAD not in line)
    return [([_function(frame) for frame in frames.split(";")], int(count)) for frames, _, count in lines]


def _function(frame: str) -> str:
    """``name (folder/file.py:12)`` without the line: all lines of a function are one entry."""
    name, _, place = frame.partition(" (")
    path, _, line = place.rstrip(")").rpartition(":")
    short = "/".join((path if line.isdigit() else place.rstrip(")")).split("/")[-2:])
    return f"{name} ({short})" if short else name


def count(stacks: Stacks) -> tuple[Counter[str], Counter[str]]:
    """Samples of each function: itself, and with all that it called."""
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for names, seen in stacks:
        own[names[-1]] += seen
        total.update(dict.fromkeys(names, seen))
    return own, total


def table(stacks: Stacks, top: int) -> Iterator[str]:
    own, total = count(stacks)
    samples = max(1, own.total())
    for title, ranked in (("by own time", own), ("with all they call", total)):
        yield f"\nTop functions {title} ({samples} samples)\n  own %   all %  function"
        for name, _ in ranked.most_common(top):
            yield f"{own[name] * 100 / samples:>7.1f} {total[name] * 100 / samples:>7.1f}  {name}"


def run(arguments: argparse.Namespace, folder: Path) -> int:
    certificates = make_certificates(folder)
    generator = Generator(folder, certificates)
    load = Load(LIMIT, window=arguments.window, body=arguments.body, calls=arguments.calls)
    with Running(edge(folder, certificates), folder) as running:
        sending = generator.start(load, running.proxy.address)
        try:
            time.sleep(WARM_UP)
            stacks = sample(running.busiest(), arguments.seconds, arguments.native, folder)
            if sending.poll() is not None:
                read_result(sending)
                raise RuntimeError("the load ended before the samples were there")
        finally:
            sending.kill()
            sending.communicate()
    print(*table(stacks, arguments.top), sep="\n")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.profile", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="how long to sample (default: 10)")
    parser.add_argument("--top", type=int, default=30, help="lines in each table (default: 30)")
    parser.add_argument("--native", action="store_true", help="show the functions of C libraries too")
    parser.add_argument("--window", type=int, default=16, help="transactions under way on a connection (default: 16)")
    add_load_options(parser)
    arguments = parser.parse_args()
    return run_in_folder("profile", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
