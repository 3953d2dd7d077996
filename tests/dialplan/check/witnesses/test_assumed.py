from __future__ import annotations

from support.linting import rule

from dialplan.check import assumed_variables
from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan


def test_as_many_as_are_named() -> None:
    plan = parse_dialplan(rule("r", 1, ".*@%localdomain3%|%ipv6_2%|%systemname%|%localdomains%"), "a")
    variables = assumed_variables(plan)
    assert len(variables.domains) == 3
    CompiledPlan(plan, variables)
    assert len(assumed_variables(parse_dialplan("", "a")).domains) == 1
