from __future__ import annotations

from support.plans import compiled

from dialplan.analysis import Conditions, Language, RequestClass, Sender, conditions_of, senders_of
from dialplan.model import PatternType, Query, Traffic


def test_the_class_as_conditions() -> None:
    aliases = Language.of(PatternType.SUFFIX, "@partner.example")
    requests = RequestClass(frozenset({"B", "A"}), aliases, frozenset({Traffic.MICROSOFT_IMP}))
    assert list(requests.conditions()) == [
        Conditions(zone, Traffic.MICROSOFT_IMP, authenticated=authenticated)
        for zone in ("A", "B")
        for authenticated in (False, True)
    ]
    assert requests.witness() == Query("alice@partner.example", "A", Traffic.MICROSOFT_IMP)


def test_an_empty_class_has_no_witness() -> None:
    assert RequestClass(frozenset(), Language.everything()).witness() is None
    assert RequestClass(frozenset({"A"}), Language.nothing()).witness() is None


def test_senders_of_a_plan() -> None:
    plan = compiled('search rule "r" {\n source zone "A"\n mode any alias\n target zone "B"\n}\n')
    assert [one.name for one in senders_of(plan.dialplan)] == ["Default Zone", "Local Zone", "A", "B"]


def test_only_what_can_be_sent() -> None:
    silent = Sender("S", frozenset(), silent="it is off")
    some = Sender("T", frozenset({False}), frozenset({Traffic.STANDARD}))
    assert not silent.sends and some.sends
    assert conditions_of([silent, some]) == [Conditions("T", Traffic.STANDARD)]
