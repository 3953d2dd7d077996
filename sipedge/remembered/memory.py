"""The verdicts that are remembered: so many, the oldest goes first, and all of them when anything they read changes."""

from __future__ import annotations

from sipedge.decision.speaking import FederationTargets, Known

from .key import Key
from .verdict import Verdict


class Memory:
    """``configure`` begins it anew; the counts go on."""

    def __init__(self) -> None:
        self._most = 0
        self._verdicts: dict[Key, Verdict] = {}
        self.asked = 0
        """Requests whose verdict may have been remembered."""
        self.hits = 0
        """Those whose verdict was."""
        self.short = 0
        """Those of them that went on without the core."""
        self.shows_ways = False
        """Whether somebody can send requests on without the core."""
        self.generation = 0
        """Ways that were shown before it grew hold no more."""

    def __len__(self) -> int:
        return len(self._verdicts)

    @property
    def is_on(self) -> bool:
        return self._most > 0

    def counts(self) -> dict[str, int]:
        """For people to look at."""
        return {"verdicts": len(self), "asked": self.asked, "hits": self.hits, "short": self.short}

    def configure(self, most: int) -> None:
        """Forget everything; ``most``: verdicts from now on, 0 for none."""
        self._most = most
        self._verdicts.clear()
        self.generation += 1

    def forget_ways(self) -> None:
        """Something else has changed than what is decided: who is where."""
        self.generation += 1

    def find(self, key: Key) -> Verdict | None:
        self.asked += 1
        return self._verdicts.get(key)

    def keep(self, key: Key, verdict: Verdict) -> None:
        if key not in self._verdicts and len(self._verdicts) >= self._most:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[key] = verdict


class Heard:
    """What the DNS has said, for one decision, and whether that asked for it: then it holds for a while only."""

    __slots__ = ("_known", "used")

    def __init__(self, known: Known) -> None:
        self._known, self.used = known, False

    def __call__(self, domain: str) -> FederationTargets | None:
        self.used = True
        return self._known(domain)
