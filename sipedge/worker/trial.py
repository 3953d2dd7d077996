"""What is in force on trial, judged by the requests that fail: a plan that is wrong shows at once, not after minutes.

As with canary deployments: the share of failures since the load is held against the share before it. Nothing is said
before enough requests have come, and nothing about a difference that chance makes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import sqrt

from sipedge.edge.recording import Outcomes

EVERY = 2.0
"""Seconds between two looks."""
LATELY = 900
"""Looks that make up what was before: half an hour."""
FEWEST = 50
"""Requests since the load, and as many before it, or nothing is said."""
DEVIATIONS = 4.0
"""By how many standard deviations two shares have to differ: less is chance, looked at that often."""


@dataclass(frozen=True, slots=True)
class Trial:
    before: Outcomes
    """Of the half hour before it."""
    begun: Outcomes
    """Counts at its beginning."""
    fail_more: float
    """See Load."""


class Judge:
    """Belongs to the event loop."""

    def __init__(self, outcomes: Callable[[], Awaitable[Outcomes]], undo: Callable[[str], None]) -> None:
        """``outcomes``: counts since the start, of all workers. ``undo`` is told why."""
        self._outcomes, self._undo = outcomes, undo
        self._looks: deque[Outcomes] = deque(maxlen=LATELY)
        self._trial: Trial | None = None

    async def watch(self) -> None:
        """For ever."""
        while True:
            now = await self._outcomes()
            self._looks.append(now)
            if (trial := self._trial) is not None and (why := sentence(trial, now)):
                self._trial = None
                self._undo(why)
            await asyncio.sleep(EVERY)

    async def begin(self, fail_more: float) -> None:
        """Something comes in force on trial. A trial after another one is held against what was before both."""
        now = await self._outcomes()
        before = self._trial.before if self._trial else _less(now, self._looks[0] if self._looks else now)
        self._trial = Trial(before, now, fail_more)

    def end(self) -> None:
        """Nothing is on trial."""
        self._trial = None


def sentence(trial: Trial, now: Outcomes) -> str:
    """Why it has to be undone; '' where it has not. ``now``: counts since the start."""
    since = _less(now, trial.begun)
    if not has_risen(trial.before, since, trial.fail_more):
        return ""
    shares = f"{_share(since):.0%}, before the load {_share(trial.before):.0%}"
    return f"{since.failed} of {since.answered} requests since then have failed: {shares}"


def has_risen(before: Outcomes, since: Outcomes, fail_more: float) -> bool:
    """Whether more fail than ``fail_more`` and chance explain."""
    if min(before.answered, since.answered) < FEWEST:
        return False
    both = (before.failed + since.failed) / (before.answered + since.answered)
    deviation = sqrt(both * (1 - both) * (1 / before.answered + 1 / since.answered))
    rise = _share(since) - _share(before)
    return fail_more < 1 and rise >= fail_more and rise >= DEVIATIONS * deviation > 0


def _share(outcomes: Outcomes) -> float:
    return outcomes.failed / outcomes.answered


def _less(now: Outcomes, then: Outcomes) -> Outcomes:
    """A worker that was started again has counted anew."""
    return Outcomes(max(0, now.answered - then.answered), max(0, now.failed - then.failed))
