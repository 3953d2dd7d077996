"""All families of findings, one after the other; what the live engine does not confirm is not told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dialplan.analysis import Sender, senders_of
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import Location
from dialplan.search.search import CompiledPlan

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
    transforms,
    duplicates,
    unreachable,
    overlaps,
    continues,
    strips,
    loops,
)
"""Later ones read from the context what earlier ones have found."""

IDS = (
    "ambiguous",
    "continue-by-default",
    "dead-target",
    "disabled",
    "duplicate",
    "h323-only",
    "ignore-without-reason",
    "looks-like-regex",
    "matches-nothing",
    "missing-group",
    "never-authenticated",
    "not-proved",
    "scheme-in-pattern",
    "sent-back",
    "shadowed",
    "source-never-sends",
    "strip-by-default",
    "syntax",
    "transform-loop",
    "transform-preceded",
    "transform-without-effect",
    "transformed-away",
    "unescaped-dot",
    "unknown-ignore",
    "unknown-variable",
    "unknown-zone",
    "unreachable",
    "unused-ignore",
    "useless-anchor",
)
"""Each has its page in docs/checks."""


@dataclass(frozen=True, slots=True)
class Report:
    """``findings`` in the order of the files. ``refuted``: what the live engine did not confirm; a mistake here."""

    findings: tuple[Finding, ...]
    refuted: tuple[Finding, ...]


def findings(plan: CompiledPlan, senders: Sequence[Sender] | None = None) -> list[Finding]:
    """``senders``: all zones, with what they can send; without, the zones that the plan names can send everything."""
    return list(report(plan, senders).findings)


def report(plan: CompiledPlan, senders: Sequence[Sender] | None = None) -> Report:
    context = Context(plan, senders_of(plan.dialplan) if senders is None else senders, senders is not None)
    found = [finding for family in FAMILIES for finding in family(context)]
    found += _not_proved(context)
    good = [finding for finding in found if _confirmed(plan, finding)]
    refuted = tuple(finding for finding in found if finding not in good)
    left = applied(ignores_in(plan.dialplan), good, IDS)
    return Report(tuple(sorted(left, key=_place(plan))), refuted)


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
