"""The console's history: filled at the pace of an edge, and asked when it is large.

Run ``python -m tools.bench.history [seconds] [rows]``. First a process writes decisions into a rotating file as the
edge does, 5,000 a second for so many ``seconds`` (60); this one carries them into segments. Then segments are filled as
fast as they go up to so many ``rows`` (1,000,000), and asked by each filter: the 95th percentile of 20 questions.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from json import loads
from multiprocessing import Process
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import monotonic, sleep, time
from typing import Any

from dialplan.language.parser import parse_dialplan
from dialplan.model import Query
from dialplan.search.search import CompiledPlan
from sipedge.console.watch.feeding import PAUSE, Feeder
from sipedge.history.schema import ROWS as SEGMENT
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, Wish
from sipedge.masking.addresses import Exactly
from sipedge.tap.items import Decided, record_text
from sipedge.tap.json_lines import DecisionsFile
from sipedge.tap.rotating_file import RotatingFile
from sipedge.tap.writing import Writing

from .decisions import entry_of
from .search import make

PACE = 5000
"""Decisions a second."""
SLICE = 0.02
"""Seconds of them that are written at once, as the tap does."""
ALIASES = 200_000
ASKED = 20
FILLED = 500
"""Decisions that are put in at once."""
SIZE, COUNT = 100 << 20, 10
"""Of the file: as [log] has them where nothing is said."""


def lines(number: int) -> Iterator[Decided]:
    """Decisions as an edge makes them, from ``number`` on: of 3 rules, one of which is rare; some fail."""
    chosen = random.Random(number)
    text, aliases = make(3)
    plan = CompiledPlan(parse_dialplan(text, "bench.dialplan"))
    known = [entry_of(plan.search(Query(alias, "IMP"))) for alias in aliases]
    while True:
        entry = chosen.choices(known, (80, 19, 1))[0]
        alias, status = f"user{chosen.randrange(ALIASES)}@far.example", 504 if chosen.random() < 0.01 else 200
        more = {"time": time(), "alias": alias, "call_id": f"{number:x}@near.example", "status": status}
        yield Decided(0, replace(entry, **more), number)
        number += 1


def write(path: str, seconds: float) -> None:
    """The edge's side, in a process of its own."""
    file = DecisionsFile(RotatingFile(path, SIZE, COUNT))
    file.open()
    writing = Writing()
    made, began, count = lines(1), monotonic(), 0
    while (passed := monotonic() - began) < seconds:
        due = int(passed * PACE) - count
        file.write([writing.line(item.entry, item.sequence) for item in islice(made, due)])
        count += due
        sleep(SLICE)
    file.close()


class Timed(Segments):
    """Knows how old a decision was, at most, when it could be found."""

    worst = 0.0

    def add(self, batches: Iterable[Batch]) -> None:
        oldest = float("inf")

        def seen() -> Iterator[Batch]:
            nonlocal oldest
            for batch in batches:
                oldest = min(oldest, *(record["time"] for record in batch.records))
                yield batch

        super().add(seen())
        self.worst = max(self.worst, time() - oldest)


def feed(folder: Path, seconds: float) -> None:
    path = str(folder / "decisions.jsonl")
    writer = Process(target=write, args=(path, seconds))
    history = Timed(folder / "fed")
    feeder = Feeder(history, path, 30, 1 << 40)
    writer.start()
    began, spent = monotonic(), _processor()
    while writer.is_alive() or feeder.step():
        if not feeder.step():
            sleep(PAUSE)
    took, spent = monotonic() - began, _processor() - spent
    stored = history.stored()
    print(f"fed: {stored.rows} decisions in {took:.0f} s, {stored.lost} lost, of {history.position().sequence}")
    each = spent / stored.rows * 1e6
    print(f"     {100 * spent / took:.0f} % of a core, {each:.0f} us each; visible after {history.worst:.1f} s at most")
    print(f"     {stored.bytes / stored.rows:.0f} bytes each")
    history.close()


def fill(history: Segments, rows: int) -> None:
    """As fast as they go, a thousandth of a second apart."""
    began, made = monotonic(), lines(1)
    spent, base = 0.0, time() - rows / 1000
    for start in range(0, rows, FILLED):
        items = enumerate(islice(made, FILLED), start)
        records = [
            loads(record_text(item.entry, item.sequence)) | {"time": base + number / 1000} for number, item in items
        ]
        before = _processor()
        history.add([Batch(tuple(records), Position("", 0, start))])
        spent += _processor() - before
    print(f"filled: {rows} in {monotonic() - began:.0f} s, {spent / rows * 1e6:.1f} us each in the store")


def ask(history: Segments) -> None:
    chosen, now = random.Random(7), time()
    newest = history.find(Wish(most=1))[0]
    wishes: dict[str, Callable[[], Any]] = {
        "newest 50": lambda: history.find(Wish()),
        "whole alias": lambda: history.find(Wish(alias=f"user{chosen.randrange(ALIASES)}@")),
        "alias exactly": lambda: history.find(Wish(alias=Exactly(f"user{chosen.randrange(ALIASES)}", "far.example"))),
        "exactly, of none": lambda: history.find(Wish(alias=Exactly("nobody", ""))),
        "domain exactly": lambda: history.find(Wish(alias=Exactly("", "far.example"))),
        "no domain but a part": lambda: history.find(Wish(alias=Exactly("", "example"))),
        "a part of many": lambda: history.find(Wish(alias=f"er{chosen.randrange(10)}")),
        "a part of none": lambda: history.find(Wish(alias="zzz")),
        "rule": lambda: history.find(Wish(rule="rule 1")),
        "rule of one hour": lambda: history.find(Wish(rule="rule 2", since=now - 7200, until=now - 3600)),
        "rare rule and 504": lambda: history.find(Wish(rule="rule 2", status="504")),
        "Call-ID": lambda: history.find(Wish(call_id=newest.call_id)),
        "Call-ID of none": lambda: history.find(Wish(call_id="none")),
        "zone of 10 minutes": lambda: history.find(Wish(zone="IMP", since=now - 600)),
        "failed": lambda: history.find(Wish(status="failed")),
        "counts of an hour": lambda: history.counted(now - 3600, now, 61),
        "counts of 30 days": lambda: history.counted(now - 30 * 86400, now, 61),
        "what is stored": history.stored,
    }
    for name, question in wishes.items():
        times = sorted(_took(question) for _ in range(ASKED))
        print(f"{name:>20}: p50 {times[ASKED // 2]:7.1f} ms, p95 {times[-2]:7.1f} ms")


def _took(question: Callable[[], Any]) -> float:
    """Milliseconds."""
    began = monotonic()
    question()
    return 1000 * (monotonic() - began)


def _processor() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(seconds: float, rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sipedge-history-") as folder:
        if seconds:
            feed(Path(folder), seconds)
        if rows:
            history = Segments(Path(folder) / "filled")
            fill(history, rows)
            history.settle()
            sizes = sum(file.stat().st_size for file in os.scandir(Path(folder) / "filled"))
            print(f"        {sizes / 1e6:.0f} MB in segments of {SEGMENT}")
            ask(history)
            history.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
