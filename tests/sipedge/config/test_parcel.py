"""Settings survive the way between two processes, and what is packed is unpacked in small steps."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.settings import plan_of, rule

from dialplan.model import Query
from dialplan.search.search import CompiledPlan
from sipedge.config import ConfigError, load_config
from sipedge.config.parcel import PIECE, packed, refused, unpacked
from sipedge.settings import Settings

EMPTY = plan_of("")
ACCESS = """
[[zone]]
type = "default"
[[zone.access_rule]]
name = "partners"
priority = 1
action = "allow"
pattern_type = "regex"
pattern = '.*\\.partner\\.example'
"""
FAR = '[[zone]]\nname = "Far"\ntype = "neighbor"\ntransport = "TCP"\npeers = ["192.0.2.1"]\n'


def settings_with(folder: Path, dialplan: str) -> Settings:
    (folder / "edge.dialplan").write_text(dialplan)
    text = EDGE.replace("domains =", 'dialplans = ["edge.dialplan"]\ndomains =') + ACCESS
    return load_config(write(folder, text + FAR))


def through(parcel: bytes, before: CompiledPlan) -> tuple[Settings, int]:
    """What comes out, and in how many steps."""
    steps = unpacked(parcel, before)
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


def rules(count: int, domain: str = "example") -> str:
    return "".join(rule(f"r{number}", "Far", rf"(.*)@(pod{number}\.{domain})", priority="9") for number in range(count))


def test_settings_come_out_as_they_went_in(tmp_path: Path) -> None:
    before = settings_with(tmp_path, 'transform "t" {\npriority 1\npattern "9"\n}\n' + rules(3))
    after, _ = through(packed(before), EMPTY)
    for field in fields(Settings):
        if field.name not in ("plan", "zones"):
            assert getattr(after, field.name) == getattr(before, field.name), field.name
    assert after.plan.dialplan == before.plan.dialplan
    assert after.plan.variables == before.plan.variables
    assert after.plan.dialplan.sources == before.plan.dialplan.sources
    for alias in ("9a@pod1.example", "a@pod2.example", "a@elsewhere.example"):
        query = Query(alias, "Default Zone")
        assert after.plan.search(query).tiers == before.plan.search(query).tiers


def test_access_rules_still_match(tmp_path: Path) -> None:
    after, _ = through(packed(settings_with(tmp_path, "")), EMPTY)
    (access,) = next(zone.access_rules for zone in after.zones if hasattr(zone, "access_rules"))
    assert access.matches("sip.partner.example") and not access.matches("sip.other.example")


def test_there_is_a_rest_after_each_rule(tmp_path: Path) -> None:
    count = 3 * PIECE + 1
    _, steps = through(packed(settings_with(tmp_path, rules(count))), EMPTY)
    assert steps > 2 * count


def test_patterns_of_the_plan_before_are_used_again(tmp_path: Path) -> None:
    before = settings_with(tmp_path, rules(5))
    after, _ = through(packed(settings_with(tmp_path, rules(6))), before.plan)
    patterns = [each.pattern for each in before.plan.rules]
    assert all(new.pattern is old for new, old in zip(after.plan.rules, patterns, strict=False))
    assert after.plan.rules[5].pattern not in patterns


def test_with_other_variables_no_pattern_is_used_again(tmp_path: Path) -> None:
    text = rule("own", "Far", r".*@(%localdomains%)")
    before = settings_with(tmp_path, text)
    path = tmp_path / "edge.toml"
    path.write_text(path.read_text().replace('"example.com"]', '"other.example"]'))
    after, _ = through(packed(load_config(path)), before.plan)
    assert after.plan.search(Query("a@other.example", "Default Zone")).tiers
    assert not after.plan.search(Query("a@example.com", "Default Zone")).tiers


def test_problems_come_out_as_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings_with(tmp_path, rule("broken", "Far", "("))
    with pytest.raises(ConfigError) as again:
        through(refused(refusal.value.problems), EMPTY)
    assert str(again.value) == str(refusal.value)
    assert again.value.problems == refusal.value.problems
