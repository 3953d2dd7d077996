"""Final results of branches, and the best of them (RFC 3261 16.7 step 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sipedge.sip.message import Message

NOT_FOUND = frozenset({404, 408, 410, 416, 480, 484, 500, 501, 502, 503, 504, 505, 513, 580})
"""Answers after which the next tier is tried: the target does not know the alias or could not be asked.

Everything else that is final means *found* (Expressway: the target answered positively), be it busy or a refusal.
"""

PREFERRED = (401, 407, 415, 420, 484)
"""Of the 4xx, those that tell the caller what to do better (RFC 3261 16.7 step 6)."""


@dataclass(slots=True)
class Outcome:
    """How a branch or target ended: with a received response, or (``message`` None) with a status of our own."""

    status: int
    text: str = ""
    message: Message | None = None


def best_outcome(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Any 6xx, else the lowest class; of the 4xx those that help the caller most.

    Then whoever was found counts more than who was not, 408 least, and a received response more than one of our own.
    """
    return min(outcomes, key=_rank, default=None)


def _rank(outcome: Outcome) -> tuple[int, int, bool, bool, bool]:
    status = outcome.status
    kind = 0 if status >= 600 else status // 100
    preferred = PREFERRED.index(status) if status in PREFERRED else len(PREFERRED)
    return kind, preferred, status in NOT_FOUND, status == 408, outcome.message is None
