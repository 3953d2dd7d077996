"""Cases from traffic: one for each routing class of a trace, with today's decision as what is expected.

Requests of one routing class differ in nothing that rules look at and in nothing that rules decide, but for the alias:
they go the same way for the same reason. The first request of a class stands for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count

from dialplan.cases.parser import MAX_NAME
from dialplan.language.layout import INDENT
from dialplan.language.spelling import quoted, unquoted
from dialplan.model import Tier, Traffic
from sipedge.decision.deciding import RULES

from .verdict import Decision, Verdict, label

Way = tuple[tuple[int, bool, tuple[tuple[str, str], ...]], ...]
"""Of each tier its priority, whether it stops, its rules and their zones."""
Key = tuple[str, Traffic, bool, str | None, Way]
"""Source zone, traffic, authenticated, transform, way."""

MAX_CLASSES = 100_000
_CASE = re.compile(r'^[ \t]*case\s+("(?:[^"\n]|"")*")', re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class RoutingClass:
    first: Verdict
    requests: int


class Classes:
    """Fed with verdicts. Only received requests count that rules decided, with an alias that a case can name."""

    def __init__(self) -> None:
        self._classes: dict[Key, RoutingClass] = {}

    def __len__(self) -> int:
        return len(self._classes)

    def __iter__(self) -> Iterator[RoutingClass]:
        """The largest first."""
        return iter(sorted(self._classes.values(), key=lambda routing_class: -routing_class.requests))

    def add(self, verdict: Verdict) -> None:
        decision = verdict.decision
        by_rules = decision.decided_by.startswith(RULES)
        if verdict.sent or not by_rules or not decision.alias or not decision.alias.isprintable():
            return
        way = way_of(decision.tiers)
        key = (verdict.zone, verdict.traffic, decision.authenticated, decision.transform, way)
        self._add(key, RoutingClass(verdict, 1))

    @classmethod
    def together(cls, shares: Sequence[tuple[Classes, Sequence[int]]]) -> Classes | None:
        """Those of shares of some messages, each with the numbers that its own have among all; None of none."""
        entries = [
            (ranks[routing_class.first.index], key, routing_class)
            for classes, ranks in shares
            for key, routing_class in classes._classes.items()
        ]
        joined = cls()
        for index, key, routing_class in sorted(entries, key=lambda entry: entry[0]):
            routing_class.first.index = index
            joined._add(key, routing_class)
        return joined if shares else None

    def merge(self, other: Classes, start: int) -> None:
        """Add those of a part whose first message has the number ``start``."""
        for key, routing_class in other._classes.items():
            routing_class.first.index += start
            self._add(key, routing_class)

    def _add(self, key: Key, routing_class: RoutingClass) -> None:
        known = self._classes.get(key)
        if known is not None:
            known.requests += routing_class.requests
        elif len(self._classes) < MAX_CLASSES:
            self._classes[key] = routing_class


def way_of(tiers: Iterable[Tier]) -> Way:
    return tuple((tier.priority, tier.stop, tuple((to.rule, to.zone) for to in tier.targets)) for tier in tiers)


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case that expects a decision as it is."""

    comment: str
    """One line."""
    zone: str
    """The source."""
    traffic: Traffic
    decision: Decision

    def name(self, taken: Container[str]) -> str:
        """What it is about, as far as it fits; with a number where that is taken."""
        base = f"{self.traffic.value} from {self.zone}: {label(self.decision.to_json())}"[: MAX_NAME - 8]
        others = (f"{base} ({number})" for number in count(2))
        return next(each for each in chain([base], others) if each not in taken)

    def block(self, name: str) -> str:
        """In the canonical layout."""
        decision = self.decision
        lines = [f"from zone {quoted(self.zone)}", f"alias {quoted(decision.alias)}", f"traffic {self.traffic.value}"]
        if decision.authenticated:
            lines.append("authenticated yes")
        if decision.transform is None:
            lines.append("expect no transform")
        else:
            lines += [f"expect transform {quoted(decision.transform)}", f"expect searched {quoted(decision.searched)}"]
        lines += [line for tier in decision.tiers for line in _tier(tier)] or ["expect no match"]
        body = "".join(f"{INDENT}{line}\n" for line in lines)
        return f"# {self.comment}\ncase {quoted(name)} {{\n{body}}}\n"


def cases_text(classes: Classes, config: str, file: str) -> str:
    """A case file in its canonical layout. ``config`` is named relative to ``file``."""
    plan = os.path.relpath(config, os.path.dirname(os.path.abspath(file)))
    names, blocks = set[str](), [f"plan {quoted(plan)}\n"]
    for routing_class in classes:
        case = _case_of(routing_class)
        name = case.name(names)
        names.add(name)
        blocks.append(case.block(name))
    return "\n".join(blocks)


def with_case(text: str, case: NewCase) -> tuple[str, int]:
    """(a case file with one case more at its end, that case's line). The file may have mistakes."""
    names = {unquoted(match[1]) for match in _CASE.finditer(text)}
    end = "\r\n" if "\r\n" in text else "\n"
    block = case.block(case.name(names)).replace("\n", end)
    before = text.rstrip() + 2 * end if text.strip() else ""
    return before + block, before.count("\n") + 2


def _case_of(routing_class: RoutingClass) -> NewCase:
    verdict, requests = routing_class.first, routing_class.requests
    comment = f"{requests} request{'' if requests == 1 else 's'}, the first is message {verdict.index}"
    return NewCase(comment, verdict.zone, verdict.traffic, verdict.decision)


def _tier(tier: Tier) -> Iterator[str]:
    progress = "stop" if tier.stop else "continue"
    for target in tier.targets:
        what = f"rule {quoted(target.rule)} zone {quoted(target.zone)} as {quoted(target.alias)}"
        yield f"expect {what} priority {tier.priority} {progress}"
