"""The writes of a push as requests to the box, and everything that stands in the way of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dialplan.analysis import Sender, senders_of
from dialplan.importers.expressway import ImportedPlan
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Behavior, Dialplan, PatternType, SearchRule, SourceMode, Transform

from .answers import ZONES, Answers, Record
from .bodies import Spelling, Unwritable, body_of
from .fields import NAME, SYSTEM_GENERATED, letters
from .writes import Write, WriteKind

ADDRESSES = ("%ip%", "%ipv4%", "%ipv6%", "%ipv4_1%", "%ipv4_2%", "%ipv6_1%", "%ipv6_2%", "%systemname%")
"""Variables whose values the API does not give."""


@dataclass(frozen=True, slots=True)
class Request:
    """One write. ``body``: None for a DELETE."""

    write: Write
    body: Record | None


def plan_on_box(imported: ImportedPlan) -> Dialplan:
    rules = tuple(entry for entry in imported.entries if isinstance(entry, SearchRule))
    return comparable(Dialplan(tuple(entry for entry in imported.entries if isinstance(entry, Transform)), rules))


def comparable(plan: Dialplan) -> Dialplan:
    """The plan in the form that the import gives: transforms by priority, no pattern where the mode looks at none."""
    transforms = sorted(plan.transforms, key=lambda transform: transform.priority)
    return replace(plan, transforms=tuple(transforms), rules=tuple(map(_without_idle_pattern, plan.rules)))


def _without_idle_pattern(rule: SearchRule) -> SearchRule:
    if rule.uses_pattern:
        return rule
    return replace(rule, pattern_type=PatternType.PREFIX, pattern="", behavior=Behavior.STRIP, replace="")


def unproved_parts(imported: ImportedPlan, wanted: Dialplan, has_addresses: bool) -> list[str]:
    """Sentences about what keeps any proof about this box from being one. ``has_addresses``: the box's are known."""
    found = [
        f'"{entry.name}" of the box is not possible here, so nothing is proved: {why}'
        for entry, why in imported.refused
        if entry.enabled
    ]
    found += [f'"{name}" of the box has a value that is not known, so nothing is proved' for name in imported.doubted]
    if not has_addresses:
        found += [
            f'"{entry.name}" uses a variable whose value the API does not give: add a dump of the box (--dump)'
            for entry in (*imported.entries, *wanted.entries)
            if any(variable in f"{entry.pattern} {entry.replace}".casefold() for variable in ADDRESSES)
        ]
    return found


def senders_on_box(plans: Dialplan, zones: Collection[str]) -> tuple[Sender, ...]:
    """Every zone of the box, also one that no rule names, can send everything: what it is set to do may change."""
    named = senders_of(plans)
    known = {sender.name for sender in named}
    return (*named, *(Sender(zone) for zone in sorted(zones) if zone not in known))


def zone_names(answers: Answers) -> set[str]:
    return {str(record.get(NAME)) for path in ZONES for record in answers.get(path, ())}


def requests_of(
    writes: Sequence[Write], rules: Sequence[Record], zones: Collection[str], spelling: Spelling
) -> tuple[list[Request], list[str]]:
    """(one request for each write that can be one, a sentence for each that cannot)."""
    named: dict[str, list[Record]] = {}
    for rule in rules:
        named.setdefault(str(rule.get(NAME)).casefold(), []).append(rule)
    requests, problems = [], []
    for write in writes:
        try:
            record = _record(write, named)
            _check_zones(write, zones)
            requests.append(Request(write, _body(write, record, spelling)))
        except Unwritable as error:
            problems.append(f"{write}: {error}")
    return requests, problems


def _record(write: Write, named: Mapping[str, Sequence[Record]]) -> Record | None:
    """The rule as the box has it; None for a new one. Raises Unwritable."""
    there = named.get(write.name.casefold(), ())
    if write.kind is WriteKind.CREATE:
        if there:
            raise Unwritable("the box has a rule of that name that is not possible here: change it by hand")
        return None
    if len(there) != 1 or there[0].get(NAME) != write.name:
        raise Unwritable("the box has not exactly one rule of that name: rename the others by hand")
    if letters(str(there[0].get(SYSTEM_GENERATED, "No"))) != "no":
        raise Unwritable("the rule is system generated and never touched: keep it in the plan as it is")
    if write.after is not None and write.after.name != write.name:
        raise Unwritable(f'the plan calls it "{write.after.name}": spell it as the box does')
    return there[0]


def _check_zones(write: Write, zones: Collection[str]) -> None:
    """Raises Unwritable for a zone that the rule names anew and the box has not."""
    before, after = write.before, write.after
    if after is None:
        return
    if after.target not in {*zones, LOCAL_ZONE, before.target if before else ""}:
        raise Unwritable(f'the box has no zone "{after.target}": add it there first')
    named = after.source is SourceMode.NAMED
    if named and after.source_name not in {*zones, LOCAL_ZONE, DEFAULT_ZONE, before.source_name if before else ""}:
        raise Unwritable(f'the box has no zone "{after.source_name}": add it there first')


def _body(write: Write, record: Record | None, spelling: Spelling) -> Record | None:
    if write.after is None:
        return None
    return body_of(write.after, spelling, write.before, record)
