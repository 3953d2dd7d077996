"""What one configuration has otherwise than another."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import fields, replace

from support.settings import THIRD, ZONES, make_settings, rule, with_zone

from sipedge.control.values import ChangesJson
from sipedge.edge.in_force import InForce
from sipedge.settings import Limits, Settings, Tls
from sipedge.worker.changes import PIECE, changes


def result(steps: Generator[None, None, ChangesJson]) -> ChangesJson:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: ChangesJson = end.value
            return value


def compared(before: Settings, after: Settings) -> ChangesJson:
    return result(changes(InForce(before, {}), InForce(after, {})))


def test_the_same_twice_is_no_change() -> None:
    again = compared(make_settings(), make_settings())
    assert not any(again["rules"].values()) and not any(again["zones"].values()) and again["settings"] == []


def test_rules_count_by_their_names_wherever_they_stand() -> None:
    one, two, three = (rule(name, "Outside", name, priority="10", on_match="continue") for name in ("a", "b", "c"))
    before = make_settings(one + two)
    sources = {"x": "another text"}
    after = make_settings(three + two.replace("10", "20") + "\n")
    after.plan.dialplan = replace(after.plan.dialplan, sources=sources)
    assert compared(before, after)["rules"] == {"added": 1, "removed": 1, "changed": 1}
    assert compared(before, make_settings("\n" + two + one))["rules"] == {"added": 0, "removed": 0, "changed": 0}


def test_zones_and_settings_have_names() -> None:
    zones = (*with_zone(ZONES, "Outside", hop_count=3)[1:], THIRD)
    told = compared(make_settings(), make_settings(zones=zones, limits=Limits(idle=1), domains=("a.example",)))
    assert told["zones"] == {"added": ["Third"], "removed": ["Inside"], "changed": ["Outside"]}
    assert told["settings"] == ["domains", "limits"]


def test_renewed_certificates_are_a_change_although_no_text_is() -> None:
    settings = make_settings()
    told = result(changes(InForce(settings, {"a.pem": b"old"}), InForce(settings, {"a.pem": b"new"})))
    assert told["settings"] == ["certificates"]
    other = replace(settings, tls=Tls(trusted="b.pem"))
    assert result(changes(InForce(settings, {"a.pem": b""}), InForce(other, {"b.pem": b""})))["settings"] == ["tls"]


def test_every_setting_is_compared() -> None:
    kept_apart = {"plan", "zones", "revision", "secret_made_up"}
    before = make_settings()
    for field in fields(Settings):
        if field.compare and field.name not in kept_apart:
            after = replace(before, **{field.name: "something else"})
            assert compared(before, after)["settings"] == [field.name]


def test_large_plans_are_compared_in_small_steps() -> None:
    text = "".join(rule(f"r{number}", "Outside", f"a{number}") for number in range(3 * PIECE))
    before, after = make_settings(text), make_settings(text + rule("more", "Outside", "b"))
    assert len(list(changes(InForce(before, {}), InForce(after, {})))) > 4
