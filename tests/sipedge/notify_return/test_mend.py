from __future__ import annotations

from dataclasses import replace

import pytest
from support.federation_plan import FQDN, inside, outside, report_of
from support.settings import rule

from dialplan.model import TrafficType
from sipedge.notify_return.mend import MAX_NAME, carries, mending_rule
from sipedge.notify_return.report import Loss


def loss_of(extra: str = "") -> Loss:
    return next(gap for gap in report_of(inside(), outside(mended=False, extra=extra)).gaps if gap.rule).losses[0]


@pytest.mark.slow
def test_the_rule_stands_beside_its_like() -> None:
    made = mending_rule(loss_of(), False)
    assert made is not None and (made.priority, made.traffic_type) == (20, TrafficType.MICROSOFT_IMP)
    assert carries(made, loss_of())


def test_its_name_is_free() -> None:
    taken = rule(f"notify TO {FQDN}", "DNS", "x") + rule(f"NOTIFY to {FQDN} 2", "DNS", "x")
    made = mending_rule(loss_of(taken), False)
    assert made is not None and made.name == f"NOTIFY to {FQDN} 3" and len(made.name) <= MAX_NAME


def test_any_alias_at_the_last_edge() -> None:
    made = mending_rule(loss_of(), True)
    assert made is not None and (made.priority, made.pattern) == (65534, "")


@pytest.mark.slow
def test_a_rule_of_the_first_priority_can_only_be_joined() -> None:
    loss = loss_of(rule("thief", "DNS", "imp1.*", priority="1"))
    made = mending_rule(loss, False)
    assert made is not None and made.priority == 1
    assert carries(made, loss) and not carries(replace(made, priority=2), loss)


def test_no_rule_for_the_route_of_an_edge() -> None:
    loss = loss_of()
    assert mending_rule(replace(loss, notify=replace(loss.notify, mended_by="")), False) is None
