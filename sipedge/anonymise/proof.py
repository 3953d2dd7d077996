"""Whether the same rules fire before and after: both traces replayed, verdict beside verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sipedge.replay.cases import way_of
from sipedge.replay.running import verdicts
from sipedge.replay.verdict import Verdict
from sipedge.replay.work import Plans, deciders_of


@dataclass(slots=True)
class Proof:
    requests: int = 0
    differing: int = 0
    first: tuple[Verdict | None, Verdict | None] | None = None
    """The first pair that differs; None where there is no other half."""


def prove(plans: Plans, before: Sequence[str], after: str, sizes: Mapping[str, int]) -> Proof:
    """``sizes``: bytes of each file of ``before`` that were written to ``after``; a log may have grown since."""
    proof = Proof()
    decider = deciders_of(plans)[0]
    for pair in zip_longest(verdicts(decider, before, plans.keylog, sizes), verdicts(decider, [after])):
        proof.requests += 1
        old, new = pair
        if old is None or new is None or _decision(old) != _decision(new):
            proof.differing += 1
            proof.first = proof.first or pair
    return proof


def _decision(verdict: Verdict) -> tuple[object, ...]:
    """All of a verdict but the names that were replaced."""
    decision = verdict.decision
    return (
        verdict.method,
        verdict.zone,
        verdict.traffic,
        verdict.in_dialog,
        decision.transform,
        decision.decided_by,
        decision.refused[:3],
        way_of(decision.tiers),
    )
