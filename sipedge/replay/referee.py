"""The real box as referee: each decision that an Expressway logged beside our engine's decision about the same rule.

Of a search the log shows the alias and the rules, not the source zone, the traffic or whether it was authenticated.
Messages beside it may tell; else all values are tried, and those with the fewest differences stand. A rule that the log
shows with another priority than CONFIG is judged with the log's: somebody changed it in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from dialplan.language.reasons import reasons
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Dialplan, Query, RuleOutcome, Traffic
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.settings import Settings

from .search_log import SILENCE, BoxLine, BoxSearch

AGREES, DIFFERS, NOT_COMPARABLE = "agrees", "differs", "not comparable"
_BY_FILTER = {
    "source": RuleOutcome.SOURCE,
    "sip variant": RuleOutcome.TRAFFIC,
    "protocol": RuleOutcome.PROTOCOL,
    "authentication": RuleOutcome.AUTHENTICATION,
}
"""Words of "ignored due to ... filtering"; source is the box's own, the others are those of this edge's own log."""
_APPLIES_NOT = frozenset(RuleOutcome) - {RuleOutcome.MATCHED, RuleOutcome.STOPPED}
MAX_PLANS = 64
"""Plans with priorities of the log that are kept compiled."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Known of a search from the messages beside it; None: not known."""

    zone: str | None = None
    traffic: Traffic | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision of the box, and ours."""

    line: BoxLine
    alias: str
    """The alias of the search."""
    query: Query
    zone_known: bool
    """False: the source zone is the one under which most decisions agree."""
    verdict: str
    ours: str
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "position": self.line.position,
            "alias": self.alias,
            "zone": self.query.source,
            "zone_known": self.zone_known,
            "traffic": self.query.traffic.value,
            "rule": self.line.rule,
            "box": str(self.line),
            "ours": self.ours,
            "verdict": self.verdict,
            "reason": self.reason,
        }


class Referee:
    """One configuration against any number of logged searches."""

    def __init__(self, settings: Settings) -> None:
        self._written = settings.plan
        self._rules = {rule.name.casefold(): rule for rule in settings.plan.dialplan.rules}
        self._zones = tuple(dict.fromkeys([*(zone.name for zone in settings.zones), DEFAULT_ZONE, LOCAL_ZONE]))
        self._plans: dict[tuple[tuple[str, int], ...], CompiledPlan] = {}

    def judge(self, search: BoxSearch, known: Circumstances) -> list[Ruling]:
        """One ruling for each line, and one for each rule of ours that the box should have shown and did not."""
        plan = self._plan_of(search)
        best: list[Ruling] | None = None
        for query in self._queries(search, known):
            rulings = list(self._rulings(search, plan.search(query), known.zone is not None))
            if best is None or _differences(rulings) < _differences(best):
                best = rulings
            if not _differences(best):
                break
        return best or []

    def _queries(self, search: BoxSearch, known: Circumstances) -> Iterator[Query]:
        zones = self._zones if known.zone is None else (known.zone,)
        traffics = tuple(Traffic) if known.traffic is None else (known.traffic,)
        for authenticated, traffic, zone in product((False, True), traffics, zones):
            yield Query(search.alias, zone, traffic, authenticated=authenticated)

    def _plan_of(self, search: BoxSearch) -> CompiledPlan:
        """Ours, with the priorities that the log shows and without transforms: it shows aliases after them."""
        changed = {}
        for line in search.lines:
            rule = self._rules.get(line.rule.casefold())
            if rule is not None and not line.why_not and rule.priority != line.priority:
                changed[rule.name] = line.priority
        key = tuple(sorted(changed.items()))
        if key not in self._plans:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._written.dialplan
            rules = tuple(replace(rule, priority=changed.get(rule.name, rule.priority)) for rule in plan.rules)
            whole = Dialplan((), rules, plan.sources, plan.syntax)
            self._plans[key] = CompiledPlan(whole, self._written.variables)
        return self._plans[key]

    def _rulings(self, search: BoxSearch, ours: Explanation, zone_known: bool) -> Iterator[Ruling]:
        texts = {reason.rule.casefold(): (reason.outcome, reason.text) for reason in reasons(ours)}
        seen = set()
        for line in search.lines:
            name = line.rule.casefold()
            seen.add(name)
            if name in texts:
                verdict, reason = self._compare(line, ours, *texts[name])
                text = texts[name][1]
            else:
                verdict, reason, text = NOT_COMPARABLE, "CONFIG has no such rule", "-"
            yield Ruling(line, search.alias, ours.query, zone_known, verdict, text, reason)
        for entry in ours.trace:
            if entry.outcome is RuleOutcome.MATCHED and entry.rule.casefold() not in seen:
                line = BoxLine(search.time, search.lines[0].position, entry.rule, SILENCE)
                verdict, reason = self._silent(search, entry.priority)
                yield Ruling(line, search.alias, ours.query, zone_known, verdict, "matched", reason)

    def _compare(self, line: BoxLine, ours: Explanation, outcome: RuleOutcome, text: str) -> tuple[str, str]:
        """(verdict, reason)."""
        rule = self._rules[line.rule.casefold()]
        if line.why_not:
            return _compare_refusal(line, outcome)
        if outcome is not RuleOutcome.MATCHED:
            return DIFFERS, f"the box asks its target, here: {text}"
        target = next(target for tier in ours.tiers for target in tier.targets if target.rule == rule.name)
        if squeezed(target.zone) != squeezed(line.target):
            return NOT_COMPARABLE, f"CONFIG's target is {target.zone}: it is of another time than the log"
        if target.alias.casefold() != line.alias.casefold():
            return DIFFERS, f"the alias for the target is {target.alias} here"
        if rule.priority != line.priority:
            return AGREES, f"with priority {line.priority} as in the log; CONFIG, of another time, says {rule.priority}"
        return AGREES, ""

    def _silent(self, search: BoxSearch, priority: int) -> tuple[str, str]:
        """Of a rule that applies here and that the log does not show."""
        for line in search.lines:
            if not line.why_not and line.priority <= priority and line.rule.casefold() not in self._rules:
                return NOT_COMPARABLE, f'"{line.rule}", which CONFIG has not, may say Stop before it'
        return DIFFERS, "the log shows no line for a rule that applies here"


def _compare_refusal(line: BoxLine, outcome: RuleOutcome) -> tuple[str, str]:
    if line.why_not == "alias":
        same = outcome in (RuleOutcome.PATTERN, RuleOutcome.MODE)
    else:
        same = any(word in line.why_not.lower() and outcome is meant for word, meant in _BY_FILTER.items())
    if same:
        return AGREES, ""
    if outcome in _APPLIES_NOT:
        return AGREES, "it does not apply in both; the box names another of the reasons"
    if outcome is RuleOutcome.STOPPED:
        return DIFFERS, "here it stands behind a Stop and is not looked at"
    return DIFFERS, "here it applies"


def squeezed(zone: str) -> str:
    """Names of zones as an Expressway prints them: blanks removed."""
    return "".join(zone.split()).casefold()


def _differences(rulings: Iterable[Ruling]) -> int:
    return sum(ruling.verdict == DIFFERS for ruling in rulings)
