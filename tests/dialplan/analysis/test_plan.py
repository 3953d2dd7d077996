from __future__ import annotations

from support.plans import compiled

from dialplan.analysis import Conditions, Languages, SymbolicPlan
from dialplan.analysis.rewriting import Same
from dialplan.model import Traffic

PLAN = """transform "second" {
    priority 2
    pattern type suffix
    pattern "@old"
    behavior replace
    replace "@older"
}
transform "first" {
    priority 1
    pattern "bob"
    behavior replace
    replace "alice"
}
search rule "later" {
    priority 20
    source zone "A"
    authenticated yes
    mode any ip address
    target zone "B"
}
search rule "off" {
    mode any alias
    target zone "B"
    state disabled
}
search rule "sooner" {
    priority 10
    source all zones
    traffic type standard
    mode any alias
    target zone "B"
}
"""


def plan() -> SymbolicPlan:
    return SymbolicPlan(compiled(PLAN))


def test_enabled_rules_in_order() -> None:
    assert [rule.rule.name for rule in plan().rules] == ["sooner", "later"]


def test_modes() -> None:
    sooner, later = plan().rules
    for alias, address in (("1.2.3.4", True), ("a@b", False), ("[::1]:5060", True), ("", False)):
        assert (alias in later.language, alias in sooner.language) == (address, not address)
        assert (later.matches(alias), sooner.matches(alias)) == (address, not address)


def test_admitted() -> None:
    found = plan()
    for source, traffic, authenticated, names in [
        ("A", Traffic.STANDARD, True, ["sooner", "later"]),
        ("A", Traffic.STANDARD, False, ["sooner"]),
        ("A", Traffic.MICROSOFT_IMP, True, ["later"]),
        ("Default Zone", Traffic.STANDARD, True, []),
    ]:
        conditions = Conditions(source, traffic, authenticated=authenticated)
        assert [rule.rule.name for rule in found.admitted(conditions)] == names


def test_branches_by_the_first_transform_that_matches() -> None:
    none, first, second = plan().branches
    assert (none.transform, none.rewriting) == (None, Same())
    for alias, branch in (("bob@old", first), ("carol@old", second), ("carol@new", none)):
        assert [alias in one.domain for one in (none, first, second)] == [
            one is branch for one in (none, first, second)
        ]


def test_turning_back() -> None:
    found = plan()
    wanted = found.languages.language(found.languages.node(found.transforms[1], found.plan))
    assert "x@old" in wanted and "bob@old" in found.branches[1].before(wanted)
    assert "x@older" not in found.branches[2].before(wanted)


def test_plans_share_what_they_have_in_common() -> None:
    plans = [compiled(PLAN), compiled(PLAN.replace('"second"', '"zweite"'))]
    languages = Languages(plans)
    one, other = (SymbolicPlan(each, languages) for each in plans)
    assert [branch.domain for branch in one.branches] == [branch.domain for branch in other.branches]
    assert one.rules[0].language == other.rules[0].language
