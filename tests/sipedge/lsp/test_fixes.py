"""A quick fix leaves a plan in which the finding is gone."""

from __future__ import annotations

import pytest
from support.linting import rule

from sipedge.lsp.abilities import diagnostics
from sipedge.lsp.fixes import fix_of
from sipedge.lsp.surroundings import Surroundings


def mended(text: str, finding: str) -> str:
    """The text once the first finding of this id is mended as the editor would."""
    lines = text.split("\n")
    for one in diagnostics(text, "a.dialplan", Surroundings()):
        number = one.location.line - 1
        if one.id == finding:
            fix = fix_of(one.id, lines[number], one.location.column - 1, one.message.rpartition("\n")[2])
            assert fix is not None and fix.title
            lines[number] = lines[number][: fix.start] + fix.text + lines[number][fix.end :]
            return "\n".join(lines)
    raise AssertionError(f"no {finding}")


@pytest.mark.parametrize(
    ("finding", "text", "after"),
    [
        ("unescaped-dot", rule("r", 1, r".*@example.com"), r".*@example\.com"),
        ("useless-anchor", rule("r", 1, r"^.*@a"), r".*@a"),
        ("scheme-in-pattern", rule("r", 1, r"sip:.*@a"), r".*@a"),
        ("open-domain", rule("r", 1, r".*example\.com"), r".*@example\.com"),
        ("open-domain", rule("r", 1, r".*@example\.com.*"), r".*@example\.com(;.*|:.*)?"),
        ("open-domain", rule("r", 1, "example.com", kind="suffix"), "@example.com"),
        ("matches-no-address", rule("r", 1, r"@example\.com"), r".*@example\.com"),
        ("strip-by-default", rule("r", 1, "@a", kind="suffix").replace("    behavior leave\n", ""), "behavior leave"),
        (
            "continue-by-default",
            rule("r", 1, ".*@a").replace("    on successful match stop\n", "") + rule("s", 2, ".*@a", zone="B"),
            "{\n    on successful match stop\n",
        ),
    ],
)
def test_the_finding_is_gone(finding: str, text: str, after: str) -> None:
    text = mended(text, finding)
    assert after in text
    assert finding not in {one.id for one in diagnostics(text, "a.dialplan", Surroundings())}


def test_a_name_that_was_meant() -> None:
    fix = fix_of("", '    target zone "Impp"', 16, 'did you mean "IMP"?')
    assert fix is not None and (fix.start, fix.end, fix.text) == (16, 22, '"IMP"')


def test_nothing_where_nobody_can_know() -> None:
    assert fix_of("unreachable", "x", 0, "delete it") is None
    assert fix_of("", "x", 0, "write target") is None
    assert fix_of("open-domain", '  pattern "imp1.example.com"', 11, "write pattern type regex") is None
