"""How long ``sipedge check`` and ``sipedge diff`` take on large plans.

Run ``python -m tools.bench.check``. The rules are those of ``tools.bench.search``; every one says Stop at a priority of
its own, so that many hide parts of others. For ``diff`` such a plan is changed in several ways.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator

from dialplan.analysis import compare, senders_of
from dialplan.check.run import FAMILIES
from dialplan.check.witnesses.context import Context
from dialplan.collector import collector_paused
from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan

from .search import make

CHECKED = (300, 2_000)
COMPARED = 500
MOVED = 100
"""One rule of so many gets another priority."""

CATCH_ALL = 'search rule "all" {{\n    priority {}\n    mode any alias\n    {}\n    target zone "{}"\n}}\n'
TRANSFORM = """transform "old" {
    pattern type regex
    pattern "(.*)@old\\.example"
    behavior replace
    replace "\\1@domain5.example.com"
}
"""


def compiled(text: str) -> CompiledPlan:
    return CompiledPlan(parse_dialplan(text, "bench.dialplan"))


def changes(text: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed plan)."""
    chance = random.Random(3)
    blocks = text.split("search rule ")[1:]
    chance.shuffle(blocks)
    yield "written in another order", "".join(f"search rule {block}" for block in blocks)
    yield "regexes written in another way", text.replace('".*@domain', '"(?:.*)@(?:do)main')
    yield "regexes of another tree", text.replace('".*@domain', '"(.|x)*@domain')
    yield "a zone renamed in some rules", text.replace('zone "Zone 7"', 'zone "Zone 8"')
    yield "catch-all added", text + CATCH_ALL.format(65_000, "", "DNS")
    yield "catch-all put first", text + CATCH_ALL.format(1, "on successful match stop", "DNS")
    yield "one rule of a hundred moved", re.sub(r"priority +\d+", _moved(chance), text)
    yield "transform added", text + TRANSFORM
    yield "every target another", text.replace('zone "Zone', 'zone "New')


def _moved(chance: random.Random) -> Callable[[re.Match[str]], str]:
    count = 0

    def priority(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"priority {chance.randint(1, 60_000)}" if count % MOVED == 0 else found[0]

    return priority


def bench_check(size: int) -> None:
    plan = compiled(make(size)[0])
    start = time.perf_counter()
    context = Context(plan, senders_of(plan.dialplan), False)
    times, count = {}, 0
    with collector_paused():  # as in a report
        for family in FAMILIES:
            begun = time.perf_counter()
            count += len(list(family(context)))
            times[family.__name__] = time.perf_counter() - begun
    slowest = ", ".join(f"{name} {spent:.2f}" for name, spent in sorted(times.items(), key=lambda one: -one[1])[:3])
    print(f"check {size:>5} rules  {time.perf_counter() - start:>6.2f} s  {count:>5} findings  ({slowest})", flush=True)


def main() -> None:
    for size in CHECKED:
        bench_check(size)
    text = make(COMPARED)[0]
    old = compiled(text)
    for name, changed in changes(text):
        new = compiled(changed)
        start = time.perf_counter()
        found = compare(old, new)
        spent = time.perf_counter() - start
        unproved = ", not all proved" if found.unproved else ""
        print(
            f"diff  {COMPARED:>5} rules  {spent:>6.2f} s  {len(found.differences):>5} differences{unproved}  ({name})"
        )


if __name__ == "__main__":
    main()
