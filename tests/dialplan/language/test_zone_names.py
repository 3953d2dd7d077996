from __future__ import annotations

from dialplan.language.parser import parse_dialplan
from dialplan.language.zone_names import check_zones, with_zone_names

TEXT = """search rule "a" {
    source zone "Traversal clint"
    target zone "DNS"
}
search rule "b" {
    source zone "Default Zone"
    target zone "Local Zone"
}
search rule "c" {
    target zone "Default Zone"
}
search rule "d" {
    target zone "Nowhere"
}
"""


def test_unknown_zones() -> None:
    found = check_zones(parse_dialplan(TEXT, "f"), ["Traversal client", "DNS"])
    assert [(str(one.location), one.message) for one in found] == [
        ("f:2:17", 'there is no zone "Traversal clint"'),
        ("f:10:17", "nothing can be sent to the Default Zone: it stands for peers that no zone names"),
        ("f:13:17", 'there is no zone "Nowhere"'),
    ]
    assert found[0].hint == 'did you mean "Traversal client"?'
    assert found[2].hint == 'zones are "DNS", "Local Zone" or "Traversal client"'
    assert found[0].source_line == '    source zone "Traversal clint"'


def test_case_does_not_count_and_the_configuration_has_the_spelling() -> None:
    plan = with_zone_names(parse_dialplan(TEXT, "f"), ["TRAVERSAL CLINT", "Dns", "NOWHERE"])
    named = [(rule.source_name, rule.target) for rule in plan.rules]
    assert named == [
        ("TRAVERSAL CLINT", "Dns"),
        ("Default Zone", "Local Zone"),
        ("", "Default Zone"),
        ("", "NOWHERE"),
    ]
    assert len(check_zones(plan, ["TRAVERSAL CLINT", "Dns", "NOWHERE"])) == 1


def test_a_plan_alone_keeps_its_first_spelling() -> None:
    text = TEXT.replace('"Default Zone"', '"default zone"').replace('zone "Nowhere"', 'zone "dns"')
    plan = with_zone_names(parse_dialplan(text, "f"))
    assert [rule.target for rule in plan.rules] == ["DNS", "Local Zone", "Default Zone", "DNS"]
    assert with_zone_names(plan) is plan
