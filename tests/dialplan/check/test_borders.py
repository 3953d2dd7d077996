"""A domain in a pattern ends where it seems to end, or an address of another domain shows that it does not."""

from __future__ import annotations

import pytest
from support.linting import found, rule

from dialplan.check.borders import Border, borders_of
from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import NO_VARIABLES


def open_to(pattern: str, kind: str = "regex") -> list[str]:
    aliases = []
    for one in found(rule("r", 1, pattern, kind=kind), "open-domain"):
        assert one.level.value == "warning" and one.witness
        aliases.append(one.witness.alias)
    return aliases


@pytest.mark.parametrize(
    ("kind", "pattern", "aliases"),
    [
        ("suffix", "example.com", ["alice@notexample.com"]),
        ("regex", r".*example\.net", ["alice@notexample.net"]),
        ("regex", r".*@.*example\.net", ["alice@notexample.net"]),
        ("regex", r".*@example\.org.*", ["alice@example.org.third.example"]),
        ("regex", r".*@sub\.example\.(org|net).*", ["alice@sub.example.net.third.example"]),
        ("regex", r"(.*@example\.org.*|bob)", ["alice@example.org.third.example"]),
        ("regex", r"\d+@example\.org.*", ["0@example.org.third.example"]),
        ("prefix", "alice@example.com", ["alice@example.com.third.example"]),
        ("prefix", "imp1.example.com", ["imp1.example.com.third.example"]),
        ("regex", r".*imp1\.example\.com.*", ["alice@notimp1.example.com", "alice@imp1.example.com.third.example"]),
    ],
)
def test_another_domain_shows_an_open_border(kind: str, pattern: str, aliases: list[str]) -> None:
    assert open_to(pattern, kind) == aliases


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("suffix", "@example.com"),
        ("suffix", ".example.com"),
        ("regex", r".*@example\.org"),
        ("regex", r".*@(.*\.)?example\.org(;.*|:.*)?"),
        ("regex", r"(.*[@.])?imp1\.example\.org([:;].*)?"),
        ("regex", r"(?!.*@example\.org\.).*@example\.org([^a-z0-9-].*)?"),
        ("regex", r".*@example.*"),
        ("regex", r"192\.0\.2\.1.*"),
        ("prefix", "alice.smith"),
        ("regex", r"alice\.smith.*@example\.org"),
    ],
)
def test_a_closed_border_and_a_name_of_a_user_are_left_alone(kind: str, pattern: str) -> None:
    assert open_to(pattern, kind) == []


def test_a_dot_without_a_backslash_has_a_finding_of_its_own() -> None:
    assert open_to(r"(.*@)?imp1.example\.com") == []


@pytest.mark.parametrize(
    ("kind", "pattern", "mend"),
    [
        ("suffix", "example.com", 'write @ in front: "@example.com"'),
        ("regex", r".*@example\.com.*", "close it with (;.*|:.*)? instead of .*"),
        ("prefix", "al@example.com", r'write pattern type regex and "al@example\.com(;.*|:.*)?"'),
    ],
)
def test_the_mend_closes_it(kind: str, pattern: str, mend: str) -> None:
    assert [one.mend for one in found(rule("r", 1, pattern, kind=kind), "open-domain")] == [mend]


def test_borders_are_the_ends_of_a_domain_beside_something_of_any_length() -> None:
    tree = expand(parse_pattern(r".*a\.example:5061.*|b@(c\.example).+"), NO_VARIABLES)
    assert borders_of(tree) == {Border("a.example", True), Border("c.example", False)}
