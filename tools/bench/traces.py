"""python -m tools.bench.traces: reading a capture beside tshark, in turns on the same file; memory on a large one."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from .captures import write
from .load import Unavailable
from .program import run_in_folder

MEGABYTE = 1024 * 1024
TSHARK = ("-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "sip", "-T", "fields", "-e", "sip.CSeq.seq")
"""One line a frame with the CSeq numbers of its messages."""
COUNT = """
import resource, sys
from sipedge.traces.reading import read_trace
from sipedge.traces.records.record import Record
print(sum(isinstance(item, Record) for item in read_trace(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def edge(file: Path) -> tuple[int, int]:
    """Messages found, and the largest resident size in KB, of a process that reads the file and does no more."""
    said = subprocess.run([sys.executable, "-c", COUNT, str(file)], check=True, capture_output=True, text=True).stdout
    messages, size = said.split()
    return int(messages), int(size)


def tshark(file: Path) -> tuple[int, int]:
    program = shutil.which("tshark")
    if program is None:
        raise Unavailable("tshark is not installed")
    command = [program, "-r", str(file), *TSHARK]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return sum(line.count(",") + 1 for line in said.splitlines()), 0


def compare(file: Path, packets: int, runs: int) -> None:
    readers: dict[str, Callable[[Path], tuple[int, int]]] = {"edge": edge, "tshark": tshark}
    speeds: dict[str, list[float]] = {name: [] for name in readers}
    print(f"{'reader':<8}{'packets/s':>12}{'messages':>10}")
    for _ in range(runs):
        for name, reader in readers.items():
            start = time.perf_counter()
            messages, _ = reader(file)
            speeds[name].append(packets / (time.perf_counter() - start))
            print(f"{name:<8}{speeds[name][-1]:>12.0f}{messages:>10}", flush=True)
    middle = {name: median(values) for name, values in speeds.items()}
    ratio = middle["edge"] / middle["tshark"]
    print(f"medians: edge {middle['edge']:.0f}, tshark {middle['tshark']:.0f}, ratio {ratio:.1f}")


def measure_memory(folder: Path, megabytes: Sequence[int]) -> None:
    """The same capture over and over, each time as the traffic of later hours."""
    for size in megabytes:
        file = folder / f"{size}.pcap"
        write(file, size * 3230, flows=2000)
        messages, resident = edge(file)
        print(f"{file.stat().st_size / MEGABYTE:>6.0f} MB read: {messages} messages, {resident / 1024:.0f} MB resident")
        file.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.traces", description=__doc__)
    parser.add_argument("--packets", type=int, default=100_000, help="size of the capture (default: 100000)")
    parser.add_argument("--runs", type=int, default=3, help="how often each reader reads it (default: 3)")
    parser.add_argument("--memory", type=int, nargs="*", metavar="MB", help="sizes of captures to measure memory with")
    arguments = parser.parse_args()
    return run_in_folder("traces", lambda folder: run(arguments, folder))


def run(arguments: argparse.Namespace, folder: Path) -> int:
    if arguments.memory is not None:
        measure_memory(folder, arguments.memory or [100, 1000])
        return 0
    file = folder / "capture.pcap"
    write(file, arguments.packets)
    compare(file, arguments.packets, arguments.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
