"""All families of findings, one after the other. A finding that the live engine does not confirm is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dialplan.analysis import Sender, senders_of
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.finding import IDS, Finding, Level
from dialplan.collector import collector_paused
from dialplan.model import Location
from dialplan.search.search import CompiledPlan

from .addresses import makes_no_address
from .borders import open_domains
from .conditions import conditions
from .defaults import continues, strips
from .dots import unescaped_dots
from .ignores import applied, ignores_in
from .leftovers import disabled, duplicates
from .loops import loops
from .overlap import overlaps
from .reach import unreachable
from .transforms import transforms
from .writing import anchors, looks_like_regex, matches_nothing, scheme

Family = Callable[[Context], Iterator[Finding]]

FAMILIES: tuple[Family, ...] = (
    disabled,
    conditions,
    matches_nothing,
    looks_like_regex,
    scheme,
    anchors,
    unescaped_dots,
    open_domains,
    makes_no_address,
    transforms,
    duplicates,
    unreachable,
    overlaps,
    continues,
    strips,
    loops,
)
"""In this order: some read results of earlier ones from the context."""


@dataclass(frozen=True, slots=True)
class Report:
    """``findings`` in the order of the files. ``refuted``: those that the live engine did not confirm, by a bug."""

    findings: tuple[Finding, ...]
    refuted: tuple[Finding, ...]


def findings(plan: CompiledPlan, senders: Sequence[Sender] | None = None) -> list[Finding]:
    """``senders``: all zones; None without a configuration: every zone that the plan names sends everything."""
    return list(report(plan, senders).findings)


def report(plan: CompiledPlan, senders: Sequence[Sender] | None = None) -> Report:
    """``senders``: as for ``findings``."""
    with collector_paused():
        context = Context(plan, senders_of(plan.dialplan) if senders is None else senders, senders is not None)
        claimed = [finding for family in FAMILIES for finding in family(context)]
    claimed += _not_proved(context)
    good: list[Finding] = []
    refuted: list[Finding] = []
    for finding in claimed:
        (good if _confirmed(plan, finding) else refuted).append(finding)
    left = applied(ignores_in(plan.dialplan), good, IDS)
    return Report(tuple(sorted(left, key=_place(plan))), tuple(refuted))


def _confirmed(plan: CompiledPlan, finding: Finding) -> bool:
    if finding.witness is None or finding.claim is None:
        return True
    return finding.claim(plan.search(finding.witness))


def _not_proved(context: Context) -> Iterable[Finding]:
    for what in context.unproved:
        files = iter(context.plan.dialplan.sources)
        mend = "nothing to mend; the plan is too tangled here for an exact answer"
        yield Finding("not-proved", Level.NOTE, Location(next(files, ""), 1, 1), f"{what} was not proved", mend)


def _place(plan: CompiledPlan) -> Callable[[Finding], tuple[int, int, int]]:
    order = {file: number for number, file in enumerate(plan.dialplan.sources)}
    return lambda finding: (order.get(finding.location.file, -1), finding.location.line, finding.location.column)
