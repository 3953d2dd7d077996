"""Transforms that are never applied, and those that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.analysis import Conditions, NotProved, Same
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.entries import pattern_place
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import DEFAULT_ZONE, Traffic, Transform


def transforms(context: Context) -> Iterator[Finding]:
    for branch in context.symbolic.branches:
        if branch.transform is None:
            continue
        language = context.languages.language(context.languages.node(branch.transform, context.plan))
        try:
            if not language.is_empty() and branch.domain.is_empty():
                yield _preceded(context, branch.transform)
        except NotProved:
            context.not_proved(f'whether transform "{branch.transform.name}" is ever applied')
        if isinstance(branch.rewriting, Same):
            place = branch.transform.places.get("replace", branch.transform.location)
            why = f'transform "{branch.transform.name}" leaves every alias as it is, but keeps later ones away'
            mend = "delete it, unless it is there to keep the later ones away"
            yield Finding("transform-without-effect", Level.NOTE, place, why, mend, branch.transform.name)


def _preceded(context: Context, transform: Transform) -> Finding:
    """Asks the live engine which transforms take the transform's aliases, until all are taken."""
    left = context.languages.language(context.languages.node(transform, context.plan))
    by_name = {earlier.name: earlier for earlier in context.symbolic.transforms}
    taking: list[Transform] = []
    query = None
    while (alias := context.plain_witness(left)) is not None:
        asked = Conditions(DEFAULT_ZONE, Traffic.MICROSOFT_IMP).query(alias)
        query = query or asked
        applied = context.plan.search(asked).transform
        assert applied is not None and applied != transform.name
        taking.append(by_name[applied])
        left = left - context.languages.language(context.languages.node(by_name[applied], context.plan))
    names = " and ".join(f'"{earlier.name}" (priority {earlier.priority})' for earlier in taking)
    return Finding(
        "transform-preceded",
        Level.ERROR,
        pattern_place(context.plan.dialplan, transform),
        f'transform "{transform.name}" is never applied: {names} always comes first, and only one is applied',
        "give it a lower priority number than theirs, or delete it",
        transform.name,
        query,
        lambda explanation: explanation.transform not in (None, transform.name),
    )
