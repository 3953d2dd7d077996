"""Patterns that match no address, and behaviours that make none."""

from __future__ import annotations

import pytest
from support.linting import RULE, found, rule, told, transform


def replacing(kind: str, pattern: str, replace: str) -> str:
    text = RULE.format(name="r", priority=1, kind=kind, pattern=pattern, behavior="replace", match="stop", zone="A")
    return text.replace("behavior replace", f'behavior replace\n    replace "{replace}"')


@pytest.mark.parametrize(
    ("kind", "pattern", "mend"),
    [
        ("regex", r"@partner\.example", r"did you mean .*@partner\.example"),
        ("regex", r"@partner\.example.*", r"did you mean .*@partner\.example.*"),
        ("regex", r"alice@", r"did you mean alice@.*"),
        ("regex", r"(?!.*@uc\.local)", r"did you mean (?!.*@uc\.local).*"),
        ("exact", "@partner.example", 'write pattern type suffix for what ends in "@partner.example"'),
        ("prefix", "@partner.example", 'write pattern type suffix for what ends in "@partner.example"'),
    ],
)
def test_a_pattern_for_a_part_of_the_alias(kind: str, pattern: str, mend: str) -> None:
    (one,) = found(rule("r", 1, pattern, kind=kind), "matches-no-address")
    assert (one.level.value, one.mend) == ("warning", mend)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("regex", r".*@partner\.example"),
        ("suffix", "@partner.example"),
        ("exact", "*98"),
        ("regex", r"\+49\d+"),
        ("regex", r"[^@]+@.*;lr"),
        ("exact", "imp1.example.com;lr"),
    ],
)
def test_a_pattern_for_addresses(kind: str, pattern: str) -> None:
    assert found(rule("r", 1, pattern, kind=kind), "matches-no-address") == []


def test_a_pattern_that_matches_nothing_is_told_once() -> None:
    assert told(rule("r", 1, r"a^b"), "matches-no-address") == []
    assert [level for level, _, _ in told(rule("r", 1, r"a^b"), "matches-nothing")] == ["error"]


@pytest.mark.parametrize(
    ("kind", "pattern", "replace", "new", "mend"),
    [
        ("regex", r"9(\d+)@b\.example", "$1@example.com", "$1@example.com", r"\1@example.com"),
        ("regex", r"9(\d+)@b\.example", "${1}@example.com", "${1}@example.com", r"\1@example.com"),
        ("regex", r".*@old\.example", "@new.example", "@new.example", "user@host"),
        ("regex", r"(.*)@old\.example", ".*@new.example", ".*@new.example", "nothing in a replace string is a regex"),
        ("regex", r"(.*)@old\.example", r"\1", "alice", "user@host"),
        ("regex", r"(.*)", r"\1@new.example", "alice@example.com@new.example", "user@host"),
        ("suffix", "@old3.example", "new.example", "alicenew.example", '"@new.example"'),
        ("suffix", "old3.example", "@new.example", "alice@@new.example", "user@host"),
        ("exact", "a@b.example", "c.example", "c.example", "user@host"),
    ],
)
def test_a_new_alias_that_is_no_address(kind: str, pattern: str, replace: str, new: str, mend: str) -> None:
    (one,) = found(replacing(kind, pattern, replace), "makes-no-address")
    assert one.level.value == "warning" and one.why.endswith(f'the new alias is "{new}"') and mend in one.mend


@pytest.mark.parametrize(
    ("kind", "pattern", "replace"),
    [
        ("regex", r"(.*)@old\.example", r"\1@new.example"),
        ("regex", r"(.*)@(.*)", r"\2@\1"),
        ("regex", r"(\d+)", r"9\1"),
        ("regex", r"(.*)@old\.example(.*)", r"\1@[2001:db8::1]:5061;transport=tls"),
        ("suffix", "@old.example", "@new.example"),
        ("suffix", ".old.example", ".new.example"),
        ("prefix", "9", ""),
        ("exact", "a@b.example", "c@b.example"),
    ],
)
def test_a_new_alias_that_is_an_address(kind: str, pattern: str, replace: str) -> None:
    assert found(replacing(kind, pattern, replace), "makes-no-address") == []


def test_a_stripped_domain_and_a_transform_are_looked_at_too() -> None:
    stripped = rule("r", 1, "@old.example", kind="suffix", behavior="strip")
    assert told(stripped, "makes-no-address") == [("warning", "r", "alice@old.example")]
    turned = transform("t", 1, r"(.*)@old\.example", "$1@new.example")
    assert told(turned, "makes-no-address") == [("warning", "t", "alice@old.example")]
