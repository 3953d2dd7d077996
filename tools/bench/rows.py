"""What was measured, and how it is shown: medians, their ranges, and the edge's ratio to each other proxy."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median

EDGE = "edge"
"""Begins the names of all ways in which the edge is configured."""


@dataclass(frozen=True)
class Row:
    """One proxy measured once, in one of its starts."""

    proxy: str
    mode: str
    start: int
    figures: Mapping[str, float]
    """Title of a column -> value."""
    faults: int = 0
    """Transactions that were lost, answered twice or refused."""


def head(title: str, columns: Sequence[str]) -> str:
    return f"{title:<24}" + "".join(f"{column:>19}" for column in columns) + f"{'faults':>8}"


def line(row: Row) -> str:
    return f"  {row.proxy:<22}" + "".join(f"{figure:>19.2f}" for figure in row.figures.values()) + f"{row.faults:>8}"


def summary(mode: str, rows: Sequence[Row]) -> Iterator[str]:
    """The table of one mode: median and range of each proxy, and edge / each other one.

    The range of a ratio is that of the starts: each start's medians are compared with each other.
    """
    names = list(dict.fromkeys(row.proxy for row in rows))
    columns = list(rows[0].figures)
    yield head(mode, columns)
    for name in names:
        of = [row for row in rows if row.proxy == name]
        cells = [_span([row.figures[column] for row in of]) for column in columns]
        yield f"{name:<24}" + "".join(f"{cell:>19}" for cell in cells) + f"{sum(row.faults for row in of):>8}"
    for ours, other in product(names, names):
        if ours.startswith(EDGE) and not other.startswith(EDGE):
            ratios = (_ratios(rows, ours, other, column) for column in columns)
            yield f"{f'{ours} / {other}':<24}" + "".join(f"{ratio:>19}" for ratio in ratios)


def _span(values: Sequence[float]) -> str:
    return f"{_short(median(values))} ({_short(min(values))}-{_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _ratios(rows: Sequence[Row], ours: str, other: str, column: str) -> str:
    ratios = []
    for start in sorted({row.start for row in rows}):
        one, two = (_middle(rows, name, start, column) for name in (ours, other))
        ratios.append(one / two if two else float("nan"))
    return _span(ratios)


def _middle(rows: Sequence[Row], proxy: str, start: int, column: str) -> float:
    return median(row.figures[column] for row in rows if row.proxy == proxy and row.start == start)


def machine() -> str:
    """What the figures hold for: processor, system, versions, and what else the machine did."""
    model = next((each for each in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in each), ":?")
    kamailio = shutil.which("kamailio", path=os.environ.get("PATH", "") + ":/usr/sbin")
    version = "no Kamailio"
    if kamailio:
        shown = subprocess.run([kamailio, "-v"], capture_output=True, text=True, check=False).stdout
        version = "Kamailio " + (shown.split("(")[0].split() or ["?"])[-1]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{model.partition(':')[2].strip()}, {os.cpu_count()} cores, Linux {platform.release()}, Python "
        f"{platform.python_version()}, {ssl.OPENSSL_VERSION}, {version}; load average {load}"
    )
