from __future__ import annotations

from importlib import import_module

import pytest
from support.federation_plan import inside, outside
from support.settings import rule

from dialplan.analysis import NotProved
from dialplan.model import Query, Target, Traffic
from sipedge.notify_return import edges_of, links_of
from sipedge.notify_return.subscriptions import Passage, alias_behind, passages_of, subscriptions
from sipedge.settings import Settings


def found(inner: Settings, outer: Settings) -> list[tuple[str, str, Traffic]]:
    (link,), _ = links_of(edges_of([("in", inner), ("out", outer)]))
    both = [one for passage in passages_of(link) for one in subscriptions(passage)]
    for one in both:
        way = one.passage
        assert any(t.zone == way.into for tier in way.first.search(one.witness).tiers for t in tier.targets)
    return [(one.source, one.target, one.traffic) for one in both]


def test_both_directions() -> None:
    assert found(inside(), outside()) == [
        ("IMP", "DNS", Traffic.MICROSOFT_IMP),
        ("Default Zone", "IMP", Traffic.MICROSOFT_IMP),
    ]


@pytest.mark.slow
def test_each_edge_alone_can_stop_them() -> None:
    inward = [("Default Zone", "IMP", Traffic.MICROSOFT_IMP)]
    assert found(inside("arrow 2"), outside()) == inward
    assert found(inside(), outside("arrow 3")) == inward
    assert found(inside("arrow 2"), outside("arrow 4", mended=False)) == []


def test_other_traffic_when_rules_take_it() -> None:
    inner = inside(extra=rule("any", "Traversal client", source_zone='"IMP"'))
    outer = outside(extra=rule("any", "DNS", source_zone='"Traversal server"', traffic_type="standard"))
    assert ("IMP", "DNS", Traffic.STANDARD) in found(inner, outer)


STRIP = rule("strip", "Traversal client", source_zone='"IMP"', priority="1").replace(
    "on successful match stop",
    'on successful match stop\n mode alias pattern match\n pattern type prefix\n pattern "9"\n behavior strip',
)


def rewriting() -> Passage:
    outer = outside("arrow 3", extra=rule("nine", "DNS", r"x@.*", source_zone='"Traversal server"'))
    (link,), _ = links_of(edges_of([("in", inside("arrow 2", extra=STRIP)), ("out", outer)]))
    return passages_of(link)[0]


def test_an_alias_that_one_edge_rewrites_is_followed() -> None:
    ways = list(subscriptions(rewriting()))
    assert len(ways) == 2 and all(one.witness.alias.startswith("9x@") for one in ways)


def test_too_many_ways_are_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("sipedge.notify_return.subscriptions"), "MAX_COMBINATIONS", 0)
    with pytest.raises(NotProved):
        list(subscriptions(rewriting()))


@pytest.mark.parametrize(
    ("target", "keep", "alias"),
    [
        ("a@b:5061;x", False, "a@b"),
        ("a@b:5061;x", True, "a@b:5061;x"),
        ("a@b@c", True, ""),
    ],
)
def test_the_alias_at_the_next_edge(target: str, keep: bool, alias: str) -> None:
    (edge,) = edges_of([("in", inside(keep_uri_parameters=keep))])
    query = Query("q", "IMP")
    assert alias_behind(query.alias, Target("rule", "zone", target), edge) == alias
