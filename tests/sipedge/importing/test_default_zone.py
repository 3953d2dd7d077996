from __future__ import annotations

from dialplan.importers.xconfiguration import View, read_dump
from dialplan.model import Variables
from sipedge.importing.default_zone import default_zone
from sipedge.importing.zone_table import ZoneSection


def _zone(*lines: str) -> tuple[ZoneSection | None, list[str]]:
    said: list[str] = []

    def tell(view: View, words: str, text: str) -> None:
        said.append(f"{view.prefix} {words}: {text}")

    dump = read_dump("".join(f"xConfiguration Zones {line}\n" for line in lines))
    return default_zone(dump, False, Variables(), tell), said


RULE = "DefaultZone AccessRules Rule 3"


def test_a_dump_that_says_nothing_of_it() -> None:
    assert _zone("Zone 1 Name: A") == (None, [])


def test_policy_and_record_route() -> None:
    zone, _ = _zone(
        "DefaultZone Authentication Mode: TreatAsAuthenticated",
        "DefaultZone SIP Record Route Address Type: Hostname",
        "DefaultZone SIP TLS Verify Mode: On",
    )
    assert zone is not None
    assert zone.keys == {
        "type": "default",
        "from_domain": "any",
        "authentication_policy": "treat as authenticated",
        "record_route_hostname": True,
    }


def test_rules_under_whatever_path() -> None:
    zone, said = _zone(
        "DefaultZone SIP TLS AccessRules Rule 3 Pattern String: a.example",
        "DefaultZone SIP TLS AccessRules Rule 3 Pattern Type: Exact",
        "DefaultZone SIP TLS AccessRules Rule 3 Action: Deny",
        "DefaultZone SIP TLS AccessRules Rule 3 Description: d",
        "DefaultZone SIP TLS Verify Mode: On",
    )
    assert zone is not None
    assert zone.rules == [
        {"name": "access rule 3", "priority": 100, "pattern_type": "exact", "pattern": "a.example", "action": "deny"}
    ]
    assert len(said) == 1 and 'from_domain is "any"' in said[0]


def test_rules_that_are_off_or_not_possible_are_told() -> None:
    zone, said = _zone(f"{RULE} Name: a", f"{RULE} Pattern String: x", "DefaultZone SIP TLS Verify Mode: Off")
    assert zone is not None and zone.rules == []
    assert 'access rule "a" is not taken over: the rules are off on the box too' in said[2]
    for kind, action, pattern, problem in (
        ("Prefix", "Allow", "", "there is none; this rule (allow) is left out"),
        ("Glob", "Allow", "x", "'glob' is not a valid PatternType"),
        ("Prefix", "Maybe", "x", '"maybe" is not a known action'),
    ):
        lines = [f"{RULE} Pattern Type: {kind}", f"{RULE} Action: {action}", f"{RULE} Pattern String: {pattern}"]
        zone, said = _zone(*lines, "DefaultZone SIP TLS Verify Mode: On")
        assert zone is not None and zone.rules == []
        assert problem in said[0] + said[-1]


def test_what_is_not_understood_lets_nobody_in() -> None:
    zone, said = _zone(
        "DefaultZone Authentication Mode: Sometimes",
        "DefaultZone SIP TLS Verify Mode: Onn",
        f"{RULE} Pattern String: a.example",
        f"{RULE} State: Paused",
        "DefaultZone AccessRules Rule 4 Pattern String: b.example",
        "DefaultZone AccessRules Rule 4 Action: Deny",
        "DefaultZone AccessRules Rule 4 Priority: high",
    )
    assert zone is not None
    assert zone.keys == {"type": "default", "authentication_policy": "check credentials", "from_domain": "any"}
    assert [(rule["action"], rule.get("enabled", True)) for rule in zone.rules] == [("allow", False), ("deny", True)]
    assert len(said) == 3
