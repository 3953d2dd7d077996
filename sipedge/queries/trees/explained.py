"""A search's explanation as a tree of words: one rendering for every command and every page that shows one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from dialplan.language.reasons import reasons
from dialplan.model import Location, RuleOutcome
from dialplan.search.search import Explanation
from sipedge.printable import escaped
from sipedge.settings import Settings
from zones.zone import DnsZone, NeighborZone, TraversalClientZone, TraversalServerZone

Places = Callable[[str], str]
"""The name of a zone -> what lies behind it, in a few words; '' where that is not known."""


class Tone(Enum):
    PLAIN = ""
    STRONG = "strong"
    GOOD = "good"
    BAD = "bad"
    DIM = "dim"


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    """Printable."""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Branch:
    words: tuple[Words, ...]
    branches: tuple[Branch, ...] = ()
    location: Location | None = None
    """Of a rule: where what decided about it is written."""

    def __str__(self) -> str:
        return "".join(each.text for each in self.words)


Shown = Callable[[str], str]
"""An alias -> what stands in its place."""


def tree_of(explanation: Explanation, evidence: str, places: Places, shown: Shown = str) -> Branch:
    """``evidence``: what decided the traffic type."""
    query = explanation.query
    authenticated = "authenticated" if query.authenticated else "not authenticated"
    asked = f"from {query.source}, {authenticated}; {query.traffic.value} ({escaped(evidence)})"
    branches = (
        _plain(asked),
        _transform(explanation, shown),
        *_tiers(explanation, places, shown),
        _rules(explanation, shown),
    )
    return Branch((Words(escaped(shown(explanation.alias)), Tone.STRONG),), branches)


def places_of(settings: Settings) -> Places:
    zones = {zone.name: zone for zone in settings.zones}

    def place(name: str) -> str:
        zone = zones.get(name)
        if isinstance(zone, NeighborZone):
            return f"[{zone.transport} {', '.join(zone.peers)} port {zone.port}]"
        if isinstance(zone, TraversalClientZone | TraversalServerZone):
            return f"[traversal connection, port {zone.port}]"
        if isinstance(zone, DnsZone):
            return "[by DNS]"
        return "[nothing registers here]" if zones else ""

    return place


def _plain(text: str) -> Branch:
    return Branch((Words(text),))


def _transform(explanation: Explanation, shown: Shown) -> Branch:
    if explanation.transform is None:
        return _plain("no transform")
    searched = Words(escaped(shown(explanation.searched)), Tone.STRONG)
    return Branch((Words(f'transform "{explanation.transform}" -> '), searched))


def _tiers(explanation: Explanation, places: Places, shown: Shown) -> Iterator[Branch]:
    if not explanation.tiers:
        yield Branch((Words("no rule matches: 404 Not Found", Tone.BAD),))
    for tier in explanation.tiers:
        targets = []
        for target in tier.targets:
            place = places(target.zone)
            behind = [Words(f" {place}", Tone.DIM)] if place else []
            aim = Words(f' as {escaped(shown(target.alias))}  (rule "{target.rule}")')
            targets.append(Branch((Words(target.zone, Tone.GOOD), *behind, aim)))
        stop = ", then stop" if tier.stop else ""
        yield Branch((Words(f"priority {tier.priority}{stop}"),), tuple(targets))


def _rules(explanation: Explanation, shown: Shown) -> Branch:
    why = reasons(explanation, shown)
    branches = []
    for reason in why:
        tone = Tone.GOOD if reason.outcome is RuleOutcome.MATCHED else Tone.DIM
        words = Words(f"{reason.priority:>5} {reason.rule}: "), Words(escaped(reason.text), tone)
        branches.append(Branch(words, location=reason.location))
    return Branch((Words("rules" if why else "no rules"),), tuple(branches))
