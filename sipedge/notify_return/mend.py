"""The rule that would carry a lost NOTIFY: made, and tried with the live engine before anybody sees it."""

from __future__ import annotations

from dataclasses import replace

from dialplan.model import Behavior, Dialplan, Mode, OnMatch, PatternType, SearchRule, SourceMode, Traffic, TrafficType
from dialplan.search.search import CompiledPlan

from .report import Loss

LAST = 65534
DEFAULT_PRIORITY = 100
MAX_NAME = 50
TRAFFIC_TYPES = {Traffic.MICROSOFT_IMP: TrafficType.MICROSOFT_IMP, Traffic.STANDARD: TrafficType.STANDARD}


def mending_rule(loss: Loss, outermost: bool) -> SearchRule | None:
    """None where no rule helps. ``outermost``: it is the last edge before the partner, where any alias is let out."""
    any_alias = outermost or loss.notify.anybody
    if not any_alias and not loss.notify.mended_by:
        return None
    for priority in _priorities(loss, any_alias):
        rule = _rule(loss, priority, any_alias)
        if carries(rule, loss):
            return rule
    return None


def carries(rule: SearchRule, loss: Loss) -> bool:
    """Whether the live engine carries the NOTIFY of a loss when it has this rule too."""
    plan = loss.edge.settings.plan
    alone = CompiledPlan(Dialplan(rules=(rule,)), plan.variables)
    if rule.target not in loss.wanted or not alone.search(replace(loss.query, alias=loss.explanation.searched)).tiers:
        return False  # without compiling the whole plan anew
    mended = CompiledPlan(plan.dialplan + Dialplan(rules=(rule,)), plan.variables, plan)
    tiers = mended.search(loss.query).tiers
    return bool(tiers) and any(target.zone in loss.wanted for target in tiers[0].targets)


def _priorities(loss: Loss, any_alias: bool) -> list[int]:
    """Before the rule that takes the NOTIFY elsewhere, where there is one; else that of similar rules."""
    tiers = loss.explanation.tiers
    if tiers:
        return [max(1, tiers[0].priority - 1)]
    if any_alias:
        return [LAST]
    alike = [
        rule.priority
        for rule in loss.edge.settings.plan.dialplan.rules
        if rule.enabled and rule.target in loss.wanted and rule.source_name == loss.query.source
    ]
    return [min(alike, default=DEFAULT_PRIORITY)]


def _rule(loss: Loss, priority: int, any_alias: bool) -> SearchRule:
    fields = {} if any_alias else {"mode": Mode.ALIAS_PATTERN_MATCH, "pattern": loss.notify.mended_by}
    return SearchRule(
        name=_name(loss, any_alias),
        priority=priority,
        traffic_type=TRAFFIC_TYPES[loss.query.traffic],
        source=SourceMode.NAMED,
        source_name=loss.query.source,
        pattern_type=PatternType.PREFIX if any_alias else PatternType.REGEX,
        behavior=Behavior.STRIP if any_alias else Behavior.LEAVE,
        on_match=OnMatch.STOP,
        target=loss.wanted[0],
        **fields,  # type: ignore[arg-type]
    )


def _name(loss: Loss, any_alias: bool) -> str:
    """A name that no rule has."""
    what = "any alias" if any_alias else loss.query.alias.rpartition("@")[2].partition(":")[0]
    taken = {rule.name.casefold() for rule in loss.edge.settings.plan.dialplan.rules}
    wanted = name = f"NOTIFY to {what}"[:MAX_NAME]
    number = 2
    while name.casefold() in taken:
        name = f"{wanted[: MAX_NAME - 5].rstrip()} {number}"
        number += 1
    return name
