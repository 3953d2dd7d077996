from __future__ import annotations

import pytest
from support.linting import rule, transform
from support.plans import compiled

from dialplan.analysis import Conditions, NotProved, senders_of
from dialplan.check.witnesses import reaching
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.reaching import Reached, reach
from dialplan.model import Traffic

CONDITIONS = Conditions("Default Zone", Traffic.STANDARD)


def found(text: str, name: str) -> Reached:
    plan = compiled(text)
    context = Context(plan, senders_of(plan.dialplan), False)
    wanted = next(one for one in context.rules if one.rule.name == name)
    return reach(context, wanted, wanted.language, CONDITIONS)


def test_round_what_hides_it() -> None:
    text = rule("alice", 1, "alice.*", "B") + rule("one", 2, r".*@a\.example")
    result = found(text, "one")
    assert (result.alias, result.hidden) == ("a@a.example", "alice@a.example")
    assert [one.rule.name for one in result.blockers] == ["alice"]


def test_nothing_is_left() -> None:
    result = found(rule("all", 1, ".*", "B") + rule("one", 2, r".*@a\.example"), "one")
    assert (result.alias, [one.rule.name for one in result.blockers]) == (None, ["all"])


def test_through_a_transform() -> None:
    text = transform("t", 1, r"(.*)@a\.example", "x") + transform("u", 2, r"(.*)@b\.example", r"\1@a.example")
    assert found(text + rule("one", 2, r"[^@]*@a\.example"), "one").alias == "alice@b.example"


def test_too_many_hide_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "MAX_BLOCKERS", 1)
    text = rule("a", 1, "[a-m].*", "B") + rule("b", 2, "[n-z].*", "B") + rule("one", 3, "[a-z]+")
    with pytest.raises(NotProved):
        found(text, "one")
