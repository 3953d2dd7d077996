"""The writes that turn the search rules of one plan into those of another, one rule each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from dialplan.model import Dialplan, SearchRule


class WriteKind(Enum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Write:
    """One request to the box. ``before``, ``after``: the rule; None where there is none."""

    before: SearchRule | None
    after: SearchRule | None

    @property
    def kind(self) -> WriteKind:
        if self.before is None:
            return WriteKind.CREATE
        return WriteKind.DELETE if self.after is None else WriteKind.UPDATE

    @property
    def name(self) -> str:
        """As the box knows the rule until it is written."""
        rule = self.before or self.after
        assert rule is not None
        return rule.name

    @property
    def back(self) -> Write:
        """The write that undoes it."""
        return Write(self.after, self.before)

    def __str__(self) -> str:
        return f'{self.kind.value} "{self.name}"'


def writes_between(old: Dialplan, new: Dialplan) -> tuple[Write, ...]:
    """One write for each rule that is not the same in both; rules are the same one when their names are, case aside.

    In the order of the old plan, then new rules in the order of the new one. Transforms are not looked at.
    """
    wanted = {rule.name.casefold(): rule for rule in new.rules}
    there = {rule.name.casefold() for rule in old.rules}
    changed = [Write(rule, wanted.get(rule.name.casefold())) for rule in old.rules]
    writes = [write for write in changed if write.after != write.before]
    return (*writes, *(Write(None, rule) for rule in new.rules if rule.name.casefold() not in there))


def plan_after(plan: Dialplan, writes: Iterable[Write]) -> Dialplan:
    """The plan once these writes are done: a rule that is updated keeps its place, a new one comes last."""
    instead = {write.name.casefold(): write for write in writes}
    rules: list[SearchRule] = []
    for rule in plan.rules:
        write = instead.pop(rule.name.casefold(), None)
        after = rule if write is None else write.after
        if after is not None:
            rules.append(after)
    rules += [write.after for write in instead.values() if write.after is not None]
    return replace(plan, rules=tuple(rules))
