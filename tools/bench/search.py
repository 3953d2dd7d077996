"""How long a search takes beside a linear scan, and how long parsing and compiling 10,000 rules takes.

Run ``python -m tools.bench.search``. The rules are mixed: a third ``.*@domain``, a quarter with a number in the middle,
exact, prefix, suffix, alternatives with groups, federation host names.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from dialplan.language.parser import parse_dialplan
from dialplan.model import Query
from dialplan.pattern.folding import fold
from dialplan.search.search import CompiledPlan, is_address

SIZES = (10, 1_000, 10_000)
SEARCHES = 4_000
SCANS = 60

_SHAPES: tuple[tuple[int, str, str, str], ...] = (
    (35, "regex", r".*@domain{n}\.example\.com", "user{r}@domain{n}.example.com"),
    (25, "regex", r"alice{n}\.\d+@.*", "alice{n}.{r}@office.example.org"),
    (10, "regex", r".*IMP{n}-public\.example\.com.*", "imp{n}-public.example.com:5061;transport=tls;lr"),
    (5, "regex", r"(.*)@((?:pod|site){n})\.example\.net(;.*)?", "bob.{r}@site{n}.example.net;lr"),
    (15, "exact", "user{n}@exact.example.com", "user{n}@exact.example.com"),
    (5, "prefix", "9{n}.", "9{n}.{r}@gateway.example.com"),
    (5, "suffix", "@branch{n}.example.org", "carol.{r}@branch{n}.example.org"),
)


def make(count: int, seed: int = 1) -> tuple[str, list[str]]:
    """The text of a plan, and for each rule an alias that it matches."""
    chance = random.Random(seed)
    blocks, aliases = [], []
    for number in range(count):
        kind, pattern, alias = chance.choices([shape[1:] for shape in _SHAPES], [shape[0] for shape in _SHAPES])[0]
        blocks.append(
            f'search rule "rule {number}" {{\n'
            f"    priority             {chance.randint(1, 60_000)}\n"
            "    protocol             SIP\n"
            "    mode                 alias pattern match\n"
            f"    pattern type         {kind}\n"
            f'    pattern              "{pattern.format(n=number)}"\n'
            "    behavior             leave\n"
            "    on successful match  stop\n"
            f'    target               zone "Zone {number % 50}"\n'
            "}\n"
        )
        aliases.append(alias.format(n=number, r=chance.randint(1, 10**9)))
    return "".join(blocks), aliases


def queries(aliases: list[str], count: int, seed: int = 2) -> list[Query]:
    """Seven of ten go to a rule, the others to none; none comes twice."""
    chance = random.Random(seed)
    chosen = [
        chance.choice(aliases) if chance.random() < 0.7 else f"nobody{number}@{chance.randint(1, 10**12)}.invalid"
        for number in range(count)
    ]
    return [Query(alias, "Default Zone") for alias in chosen]


def measured(call: Callable[[Query], object], searches: list[Query]) -> tuple[float, float]:
    """Median and 99th percentile in microseconds."""
    times = []
    for query in searches:
        start = time.perf_counter_ns()
        call(query)
        times.append(time.perf_counter_ns() - start)
    times.sort()
    return times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000


def scan(plan: CompiledPlan) -> Callable[[Query], object]:
    """The same search, every rule tried in order up to the first that applies (all rules of the bench say Stop)."""

    def search(query: Query) -> object:
        folded = fold(query.alias)
        address = is_address(folded)
        return next((rule for rule in plan.rules if rule.refusal(query, folded, address) is None), None)

    return search


def main() -> None:
    print(f"{'rules':>7}  {'parse':>8}  {'compile':>8}  {'search median / p99':>22}  {'linear scan median / p99':>26}")
    for size in SIZES:
        text, aliases = make(size)
        start = time.perf_counter()
        dialplan = parse_dialplan(text, "bench.dialplan")
        parsed = time.perf_counter()
        plan = CompiledPlan(dialplan)
        compiled = time.perf_counter()
        fast = measured(plan.search, queries(aliases, SEARCHES))
        slow = measured(scan(plan), queries(aliases, SCANS))
        print(
            f"{size:>7}  {parsed - start:>6.2f} s  {compiled - parsed:>6.2f} s"
            f"  {fast[0]:>9.1f} / {fast[1]:>7.1f} us  {slow[0]:>11.1f} / {slow[1]:>9.1f} us"
        )


if __name__ == "__main__":
    main()
