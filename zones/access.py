"""Default Zone access rules: who may come in without being anybody's peer."""

from __future__ import annotations

from collections.abc import Iterable

from .zone import AccessAction, AccessRule


def decide(rules: Iterable[AccessRule], names: Iterable[str]) -> tuple[bool, str | None]:
    """Whether a peer whose certificate carries ``names`` is let in, and the name of the rule that said so.

    Rules by priority, equal ones in the order given; the first that matches any of the names decides. No rules:
    allowed. Rules of which none matches: denied, also when all are disabled, so that switching a rule off never opens
    the edge.
    """
    ordered = sorted(rules, key=lambda rule: rule.priority)
    presented = tuple(names)
    for rule in ordered:
        if rule.enabled and any(rule.matches(name) for name in presented):
            return rule.action is AccessAction.ALLOW, rule.name
    return not ordered, None
