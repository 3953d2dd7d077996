"""python -m tools.bench.replay: deciding what is in traces beside tshark and grep, in turns; engines; memory.

Whole processes are measured, from start to end, with all verdicts written as JSON lines; by the clock, and by the CPU
time of all their processes, which tells more where the machine has other work.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from . import captures, logs
from .load import Unavailable
from .program import run_in_folder
from .traces import TSHARK

MEGABYTE = 1024 * 1024
CONFIG = """\
[edge]
system_name = "edge.example.net"
domains = ["example.org"]
dialplans = ["edge.dialplan"]
[[zone]]
name = "Inside"
type = "neighbor"
peers = ["192.0.2.1"]
transport = "TCP"
[[zone]]
name = "Outside"
type = "dns"
transport = "TCP"
"""
RULES = 200
"""Search rules of which the last ones decide."""

Run = Callable[[], tuple[float, float]]
"""Seconds of one run: by the clock, and of CPU time."""


def write_config(folder: Path) -> Path:
    rules = [
        f'search rule "site {number}" {{\n    priority {number + 1}\n    mode alias pattern match\n'
        "    pattern type regex\n"
        f'    pattern ".*@site{number}\\.example\\.org"\n    behavior leave\n    on successful match stop\n'
        '    target zone "Inside"\n}\n'
        for number in range(RULES - 1)
    ]
    rules.append('search rule "out" {\n    priority 1000\n    mode any alias\n    target zone "Outside"\n}\n')
    (folder / "edge.dialplan").write_text("".join(rules))
    config = folder / "edge.toml"
    config.write_text(CONFIG)
    return config


def replay(config: Path, traces: Sequence[Path], engine: str) -> Run:
    command = [sys.executable, "-m", "sipedge", "replay", str(config), *map(str, traces), "--json", "--engine", engine]
    return lambda: _timed(command)


def tshark(trace: Path) -> Run:
    program = shutil.which("tshark")
    if program is None:
        raise Unavailable("tshark is not installed")
    return lambda: _timed([program, "-r", str(trace), *TSHARK])


def grep(trace: Path) -> Run:
    """In the locale of the caller, as people call it."""
    return lambda: _timed(["grep", "-c", "SIP/2.0", str(trace)])


def _timed(command: Sequence[str]) -> tuple[float, float]:
    """The output goes to a file: grep stops at the first match when it sees /dev/null."""
    start, before = time.perf_counter(), _cpu()
    with tempfile.TemporaryFile() as output:
        subprocess.run(command, check=True, stdout=output, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def in_turns(amount: float, unit: str, runs: int, contestants: dict[str, Run]) -> dict[str, float]:
    """A B A B ...; the median speed of each by the clock."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(runs):
        for name, run in contestants.items():
            seconds[name].append(run())
    speeds = {}
    for name, values in seconds.items():
        clock, cpu = (amount / median(column) for column in zip(*values, strict=True))
        speeds[name] = clock
        used = "" if name == "dask" else f"{cpu:>14,.0f} {unit} a CPU second"  # its workers are nobody's children
        print(f"  {name:<12}{clock:>14,.0f} {unit}/s{used}", flush=True)
    return speeds


def compare_captures(folder: Path, config: Path, packets: int, runs: int) -> None:
    trace = folder / "bench.pcap"
    captures.write(trace, packets)
    print(f"capture, {packets:,} packets, {trace.stat().st_size / MEGABYTE:.0f} MB")
    runners = {"replay": replay(config, [trace], "serial"), "tshark": tshark(trace)}
    speeds = in_turns(packets, "packets", runs, runners)
    print(f"  replay / tshark: {speeds['replay'] / speeds['tshark']:.1f}")


def compare_logs(folder: Path, config: Path, messages: int, runs: int) -> None:
    for name, layout in (("expressway", logs.expressway), ("snooper", logs.snooper)):
        trace = folder / f"{name}.log"
        logs.write(trace, messages, layout)
        size = trace.stat().st_size / MEGABYTE
        print(f"{name} log, {messages:,} messages, {size:.0f} MB")
        runners = {
            "serial": replay(config, [trace], "serial"),
            "processes": replay(config, [trace], "processes"),
            "grep -c": grep(trace),
        }
        speeds = in_turns(size, "MB", runs, runners)
        print(f"  grep / processes: {speeds['grep -c'] / speeds['processes']:.0f}")


def compare_engines(folder: Path, config: Path, packets: int, runs: int, dask: bool) -> None:
    """The engines on several captures, on a single one, and on a log."""
    several = [folder / f"part{number}.pcap" for number in range(8)]
    for trace in several:
        captures.write(trace, packets // len(several))
    single, log = folder / "single.pcap", folder / "engines.log"
    captures.write(single, packets)
    logs.write(log, packets // 4, logs.expressway)
    names = ("serial", "processes", *(("dask",) if dask else ()))
    for title, traces in ((f"{len(several)} captures", several), ("one capture", [single]), ("a log", [log])):
        size = sum(trace.stat().st_size for trace in traces) / MEGABYTE
        print(f"{title}, {size:,.0f} MB together")
        speeds = in_turns(size, "MB", runs, {name: replay(config, traces, name) for name in names})
        for name in names[1:]:
            print(f"  {name} / serial: {speeds[name] / speeds['serial']:.2f}")


def measure_memory(folder: Path, config: Path, megabytes: Sequence[int]) -> None:
    """Largest resident size of a replay of captures of these sizes, in a process of its own."""
    for size in megabytes:
        trace = folder / f"{size}.pcap"
        captures.write(trace, size * 3100)
        for engine in ("serial", "processes"):
            pid = os.fork()
            if not pid:
                replay(config, [trace], engine)()
                largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
                print(
                    f"  {trace.stat().st_size / MEGABYTE:,.0f} MB, {engine}: {largest / 1024:.0f} MB resident",
                    flush=True,
                )
                os._exit(0)
            os.waitpid(pid, 0)
        trace.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.replay", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured (default: 3)")
    parser.add_argument("--packets", type=int, default=400_000, help="of the capture (default: 400000)")
    parser.add_argument("--messages", type=int, default=100_000, help="of each log (default: 100000)")
    parser.add_argument("--only", choices=("capture", "logs", "engines", "memory"), action="append")
    parser.add_argument("--memory", type=int, action="append", metavar="MB", help="sizes (default: 64 and 1000)")
    parser.add_argument("--dask", action="store_true", help="measure the extra engine too")
    arguments = parser.parse_args()
    return run_in_folder("replay", lambda folder: run(arguments, folder))


def run(arguments: argparse.Namespace, folder: Path) -> int:
    chosen = arguments.only or ["capture", "logs", "engines"]
    config = write_config(folder)
    if "capture" in chosen:
        compare_captures(folder, config, arguments.packets, arguments.runs)
    if "logs" in chosen:
        compare_logs(folder, config, arguments.messages, arguments.runs)
    if "engines" in chosen:
        compare_engines(folder, config, arguments.packets, arguments.runs, arguments.dask)
    if "memory" in chosen:
        measure_memory(folder, config, arguments.memory or [64, 1000])
    return 0


if __name__ == "__main__":
    sys.exit(main())
