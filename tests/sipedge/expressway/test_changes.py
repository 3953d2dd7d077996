"""Settings compared by the names of things."""

from __future__ import annotations

from dialplan.importers.xconfiguration import Dump, read_dump
from sipedge.expressway.changes import changes

RULES = "Zones Policy SearchRules Rule"


def dump(*lines: str) -> Dump:
    return read_dump("".join(f"xConfiguration {line}\n" for line in lines))


def test_a_number_that_shifts_is_no_change() -> None:
    old = dump(f"{RULES} 1 Name: a", f"{RULES} 2 Name: b", f"{RULES} 2 Priority: 7")
    new = dump(f"{RULES} 1 Name: b", f"{RULES} 1 Priority: 7")
    assert changes(old, new) == ['search rule "a" is gone']
    assert changes(new, old) == ['search rule "a" is new']


def test_values_before_and_after() -> None:
    old = dump("Zones Zone 3 Name: A", "Zones Zone 3 Neighbor SIP Port: 5061", "SIP Mode: On")
    new = dump("Zones Zone 3 Name: A", "Zones Zone 3 Neighbor SIP Transport: TLS", "SIP Mode: Off")
    assert changes(old, new) == [
        'zone "A": Neighbor SIP Port "5061" -> (none)',
        'zone "A": Neighbor SIP Transport (none) -> "TLS"',
        'settings: SIP Mode "On" -> "Off"',
    ]


def test_secrets_are_not_shown_and_equal_names_are_told_apart() -> None:
    old = dump("Zones Zone 1 Name: A", "Zones Zone 1 X Password: {c}1", "Zones Zone 2 Name: A", "Zones Zone 2 H: 1")
    new = dump("Zones Zone 1 Name: A", "Zones Zone 1 X Password: {c}2", "Zones Zone 2 Name: A", "Zones Zone 2 H: 2")
    assert changes(old, new) == [
        'zone "A": X Password (not shown) -> (not shown)',
        'zone "A" (number 2): H "1" -> "2"',
    ]
