from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given
from support.examples import examples
from support.linting import found, rule, told
from support.plans import ALIASES, plans, usable

from dialplan.analysis import ASCII, FactsIndex, conditions_of, plain_aliases, senders_of
from dialplan.check import report
from dialplan.check.overlap import _Pairs
from dialplan.model import Dialplan
from dialplan.search.compiled_rule import CompiledRule
from dialplan.search.search import CompiledPlan

HOSTS = [alias for alias in ALIASES if alias in plain_aliases(ASCII)]
WELL_FORMED = [*HOSTS, *(f"{user}@{host}" for user in "ab" for host in HOSTS)]

DOMAIN = r".*@a\.example"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (rule("alice", 10, "alice.*", "B"), rule("a", 20, DOMAIN), [("warning", "a", "alice@a.example")]),
        (rule("alice", 10, r"alice@a\.example", "B"), rule("a", 20, DOMAIN), []),
        (rule("alice", 10, "alice.*"), rule("a", 20, DOMAIN), []),
        (rule("alice", 10, "alice.*", match="continue"), rule("a", 20, DOMAIN, "B"), []),
        (rule("b", 10, r".*@b\.example.*", "B"), rule("a", 20, r".*@a\.example.*"), []),
        (
            rule("host", 10, r".*imp1\.b\.example.*", "B"),
            rule("a", 20, DOMAIN),
            [("note", "a", "imp1.b.example@a.example")],
        ),
    ],
)
def test_partly_hidden(first: str, second: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert told(first + second, "shadowed") == expected


def test_a_third_rule_in_the_way_is_seen() -> None:
    third = rule("first", 5, "alice@a.*", "C")
    text = third + rule("alice", 10, "alice.*", "B") + rule("a", 20, DOMAIN)
    (one,) = found(text, "shadowed")[-1:]
    assert one.name == "a"


def test_of_one_priority() -> None:
    text = rule("all", 10, DOMAIN, "B") + rule("alice", 10, "alice@.*")
    assert told(text, "ambiguous") == [("warning", "alice", "alice@a.example")]
    assert told(rule("all", 10, DOMAIN) + rule("alice", 10, "alice@.*"), "ambiguous") == []
    assert told(rule("all", 10, DOMAIN, "B") + rule("b", 10, r".*@b\.example"), "ambiguous") == []


def test_other_conditions_do_not_compete() -> None:
    first = rule("all", 10, DOMAIN, "B").replace("    mode", '    source zone "X"\n    mode')
    second = rule("alice", 10, "alice@.*").replace("    mode", '    source zone "Y"\n    mode')
    assert found(first + second, "ambiguous") == []


def shown(plan: CompiledPlan) -> list[tuple[str, str, str]]:
    """Every overlap as (id, level, sentence)."""
    return [(one.id, one.level.value, one.why) for one in report(plan).findings if one.id in ("shadowed", "ambiguous")]


@examples(60)
@given(plans())
def test_index_and_composed_aliases_find_what_all_pairs_of_automata_do(dialplan: Dialplan) -> None:
    plan = usable(dialplan)
    if plan is None:
        return
    found = shown(plan)
    with (
        patch.object(FactsIndex, "near", lambda self, facts, one_at=False: (1 << len(plan.rules)) - 1),
        patch.object(_Pairs, "_composed", lambda *_: None),
    ):
        assert shown(plan) == found


@examples(60)
@given(plans())
def test_every_overlap_of_plain_rules_is_told_or_harmless(dialplan: Dialplan) -> None:
    """All short aliases are tried: where none of them shows a rule hidden or beside another, none needs a finding."""
    plan = usable(replace(dialplan, transforms=()))
    if plan is None:
        return
    told_of = {one.name for one in report(plan).findings}
    for silent in plan.rules:
        if silent.name not in told_of:
            assert not any(_competes(plan, silent, alias) for alias in WELL_FORMED)


def _competes(plan: CompiledPlan, competing: CompiledRule, alias: str) -> bool:
    """Whether another rule of the rule's tier sends the alias elsewhere."""
    for conditions in conditions_of(senders_of(plan.dialplan)):
        for tier in plan.search(conditions.query(alias)).tiers:
            zones = {target.rule: target.zone for target in tier.targets}
            first = next(iter(zones), None)
            if competing.name in zones and first != competing.name and zones[competing.name] != zones[str(first)]:
                return True
    return False
