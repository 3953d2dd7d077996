"""What a phase came to: one row of the table, and a sentence for each broken promise."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .ledger import Phase, Request
from .promises import ALL, PROMISES, Promise, together

COLUMNS = (
    "fault", "requests", "answered", "told", "unanswered", "cut", "unsent", "duplicates", "wrong",
    "innocent p50 ms", "p99 ms", "max ms", "recovery s", "MB",
)  # fmt: skip
LONG = 1.0
"""Seconds that no request should wait for its answer."""


@dataclass
class Row:
    """The phases of one fault, taken together."""

    fault: str
    requests: int = 0
    answered: int = 0
    told: Counter[int] = field(default_factory=Counter)
    """Final responses of the edge's own, by status."""
    unanswered: int = 0
    cut: int = 0
    unsent: int = 0
    duplicates: int = 0
    wrong: int = 0
    innocent: array[float] = field(default_factory=lambda: array("d"))
    """Seconds to the answer."""
    recovery: float = 0.0
    """The longest."""
    resident: float = 0.0
    broken: list[str] = field(default_factory=list)

    def add(self, phase: Phase, bound: float, resident: float) -> None:
        """``bound``: seconds within which 99 of 100 innocent requests are answered."""
        promise = PROMISES[phase.name]
        requests = [*phase.requests.values()]
        self.requests += len(requests)
        self.unsent += phase.unsent
        self.resident = resident
        for request in requests:
            self._count(request, together(phase.faults_during(request)))
        innocent = sorted(request.waited for request in requests if is_innocent(request, phase) and request.answered)
        self.innocent.extend(innocent)
        recovery = recovered_after(phase, promise.touches or ALL)
        self.recovery = max(self.recovery, recovery)
        self.broken += breaches(phase, promise, bound, innocent, recovery)

    def _count(self, request: Request, promise: Promise) -> None:
        self.duplicates += came_twice(request, promise)
        self.wrong += is_wrong(request, promise)
        if request.finals and request.status < 300:
            self.answered += 1
        elif request.finals:
            self.told[request.status] += 1
        elif request.cut:
            self.cut += 1
        else:
            self.unanswered += 1

    def cells(self) -> tuple[str, ...]:
        """In the order of COLUMNS."""
        told = " ".join(f"{count} x {status}" for status, count in sorted(self.told.items())) or "0"
        counts = (self.unanswered, self.cut, self.unsent, self.duplicates, self.wrong)
        ordered = sorted(self.innocent)
        times = [f"{1000 * percentile(ordered, part):.0f}" for part in (0.5, 0.99, 1.0)]
        return (
            self.fault, str(self.requests), str(self.answered), told, *map(str, counts),
            *(times if self.innocent else ("", "", "")), f"{self.recovery:.1f}", f"{self.resident:.0f}",
        )  # fmt: skip


def is_innocent(request: Request, phase: Phase) -> bool:
    """No fault of its time was about its pair."""
    return request.pair not in together(phase.faults_during(request)).touches


def percentile(ordered: Sequence[float], part: float) -> float:
    """0 when there is none."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def is_wrong(request: Request, promise: Promise) -> bool:
    """A 2xx that nobody gave, or a refusal that this fault is no reason for."""
    if not request.finals or request.status < 300:
        return request.wrong
    return request.pair not in promise.touches or request.status not in promise.told


def came_twice(request: Request, promise: Promise) -> bool:
    """Delivered twice, or answered twice to a sender that has not ended its connection."""
    left = promise.leaves and request.pair in promise.touches
    return request.deliveries > 1 or (request.finals > 1 and not left)


def failed(request: Request) -> bool:
    return not (request.finals and request.status < 300)


def recovered_after(phase: Phase, pairs: Sequence[str]) -> float:
    """Seconds from the end of the fault to the first answer after which no request of these pairs failed.

    What the next fault found under way says nothing about this one, unless it had waited for long by then.
    """
    later = [
        request
        for request in phase.of(pairs)
        if request.sent >= phase.undone and (request.over <= phase.ended or request.sent < phase.ended - LONG)
    ]
    last_failure = max((request.sent for request in later if failed(request)), default=phase.undone)
    answers = [request.answered for request in later if request.sent >= last_failure and not failed(request)]
    return min(answers) - phase.undone if answers else float("inf")


def breaches(phase: Phase, promise: Promise, bound: float, innocent: Sequence[float], recovery: float) -> Iterator[str]:
    """One sentence for each promise that this phase broke."""
    requests = [*phase.requests.values()]
    during = {id(request): together(phase.faults_during(request)) for request in requests}
    if duplicates := sum(came_twice(each, during[id(each)]) for each in requests):
        yield f"{phase.name}: {duplicates} requests were delivered or answered twice"
    wrong = Counter(f"{each.pair} {each.status}" for each in requests if is_wrong(each, during[id(each)]))
    for what, count in sorted(wrong.items()):
        yield f"{phase.name}: {count} requests got a final response that is wrong ({what})"
    lost = Counter(each.pair for each in requests if is_lost(each, during[id(each)]))
    for pair, count in sorted(lost.items()):
        yield f"{phase.name}: {count} requests of the pair {pair} were neither answered nor told why"
    if (p99 := percentile(innocent, 0.99)) > bound:
        yield f"{phase.name}: innocent requests waited {p99:.2f} s (99 of 100), not at most {bound:.2f} s"
    if recovery > promise.recovery:
        yield f"{phase.name}: it took {recovery:.1f} s to recover, not at most {promise.recovery:.0f} s"


def is_lost(request: Request, promise: Promise) -> bool:
    """Neither answered nor told, where the fault is no reason for that."""
    if request.finals or promise.dies:
        return False
    if request.cut:
        return not (promise.leaves and request.pair in promise.touches)
    return not (promise.silence and request.pair in promise.touches and not request.invite)


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
