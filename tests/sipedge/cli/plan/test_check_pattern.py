from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from sipedge.cli import main


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check-pattern", *arguments])


ANSWERS = [
    ("prefix", "bob", (), "Bob@example.com", "Bob@example.com"),
    ("prefix", "bob", ("strip",), "Bob@example.com", "@example.com"),
    ("suffix", "example.com", ("replace", "example.co.uk"), "bob@example.com", "bob@example.co.uk"),
    ("exact", "bob@example.com", (), "bob@example.com.evil", None),
    ("exact", "bob", ("add prefix", "x"), "bob", "xbob"),
    ("exact", "bob", ("add-suffix", "x"), "bob", "bobx"),
    ("regex", "(.).*_(.).*(@example.com)", ("replace", r"\1\2\3"), "john_smith@example.com", "js@example.com"),
    ("regex", ".*@example.com", (), "bob@example.com.evil", None),
    ("regex", "(?!.*@example.com$).*", (), "bob@EXAMPLE.com", None),
    ("regex", "(?!.*@example.com$).*", (), "bob@example.org", "bob@example.org"),
]


@pytest.mark.parametrize(("kind", "pattern", "behavior", "alias", "result"), ANSWERS)
def test_json(kind: str, pattern: str, behavior: tuple[str, ...], alias: str, result: str | None) -> None:
    options = [text for pair in zip(("--behavior", "--replace"), behavior, strict=False) for text in pair]
    answer = _run("--type", kind, "--pattern", pattern, *options, alias, "--json")
    assert answer.exit_code == (0 if json.loads(answer.output)["matched"] else 1)
    assert json.loads(answer.stdout) == {"matched": result is not None, "alias": result}


def test_the_exit_status_says_whether_it_matched() -> None:
    matched = _run("--type", "suffix", "--pattern", ".com", "a@b.COM")
    assert (matched.exit_code, matched.output) == (0, "matched: a@b.COM\n")
    other = _run("--type", "suffix", "--pattern", ".com", "a@b.org")
    assert (other.exit_code, other.output) == (1, "no match\n")


def test_a_part_of_the_alias_is_no_match_and_says_so() -> None:
    answer = _run("--type", "regex", "--pattern", r"@partner\.example", "a@partner.example")
    assert (answer.exit_code, answer.output.splitlines()) == (
        1,
        ["no match", r"a part of the alias matches, but the whole alias must: write .*@partner\.example.*"],
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--type", "regex", "--pattern", "(a"), "sipedge: --pattern, column 3: a ( without )"),
        (("--type", "regex", "--pattern", r"(a)\1"), "sipedge: --pattern, column 4: a back-reference in a pattern"),
        (("--pattern", "a", "--behavior", "replace", "--replace", "%ip%"), "sipedge: --replace, column 1: %ip%"),
        (("--pattern", "%nix%"), "sipedge: --pattern, column 1: unknown variable %nix%"),
        (("--type", "suffix", "--pattern", "@%localdomains%"), "sipedge: %localdomains% has no value here"),
        (("--pattern", "a", "--ip", "1.2.3"), "sipedge: --ip: '1.2.3' does not appear to be an IPv4 or IPv6 address"),
    ],
)
def test_a_broken_pattern_is_status_2(arguments: tuple[str, ...], message: str) -> None:
    answer = _run(*arguments, "alias", "--json")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)


def test_variables_get_values_by_options() -> None:
    pattern = ("--type", "regex", "--pattern", r".*@(%localdomains%|%ip%)")
    values = ("--domain", "example.com", "--domain", "example.org", "--ip", "192.0.2.1", "--ip", "::1")
    for alias in ("a@example.com", "a@EXAMPLE.org", "a@192.0.2.1", "a@[::1]"):
        assert _run(*pattern, *values, alias).exit_code == 0
    for alias in ("a@exampleXcom", "a@192.0.2.10"):
        assert _run(*pattern, *values, alias).exit_code == 1
