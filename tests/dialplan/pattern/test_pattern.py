from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.model import Behavior as B
from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import MODEST, Pattern, compile_pattern
from dialplan.syntax import PatternError

REGEX = PatternType.REGEX
OURS = Variables(
    ipv4=("192.0.2.1", "192.0.2.2"), ipv6=("2001:db8::1",), domains=("uc.local", "uc.example"), system_name="edge1"
)


def regex(text: str, variables: Variables = OURS) -> Pattern:
    return compile_pattern(PatternType.REGEX, text, variables)


def matches(kind: PatternType, text: str, alias: str) -> bool:
    return compile_pattern(kind, text, OURS).match(alias) is not None


DOCUMENTED = [
    (r"(?!alice).*", "alice@x.com", False),
    (r"(?!alice).*", "bob@x.com", True),
    (r".*(?<!net)", "john@example.net", False),
    (r".*(?<!net)", "john@example.com", True),
    (r"(?!.*@example.com$).*", "a@example.com", False),
    (r"(?!.*@example.com$).*", "a@example.org", True),
    (r"\d{7,15}", "12345", False),
    (r"\d{7,15}", "12345678", True),
    (r"\d{7,15}", "12345678@cisco.com", False),
    (r"\d{7,15}", "1234567890123456", False),
    (r"9?123", "9123", True),
    (r"9?123", "123", True),
    (r".*@.*\.ciscospark\.com", "pstojano-test@dmzlab.call.ciscospark.com", True),
    (r".*IMP1-public\.ciscoexample\.com.*", "imp1-public.ciscoexample.com:5061;transport=tls;lr", True),
    (r"(?!.*@(uc\.local))", "bob@other.org", True),
    (r"(?!.*@(uc\.local))", "bob@uc.local", False),
    (r"(.).*_(.).*(@example.com)", "john_smith@example.com", True),
]
"""Pattern, alias, whether it matches by Cisco's documents: the Expressway Administrator Guide ("Regular expressions"),
TAC document 222176 ("Understand Regex on Expressway") and the guide on federation ("Chat and Presence Federation Using
Expressway")."""

MISFITS = {(r"(?!.*@(uc\.local))", "bob@other.org")}
"""One loose sentence says that a bare look-ahead matches; as a whole-alias match it only ever matches ''."""


@pytest.mark.parametrize(("pattern", "alias", "documented"), DOCUMENTED)
def test_documented_verdicts(pattern: str, alias: str, documented: bool) -> None:
    assert (regex(pattern).match(alias) is not None) == (documented and (pattern, alias) not in MISFITS)


def test_there_is_one_misfit() -> None:
    assert len(DOCUMENTED) == 17 and len(MISFITS) == 1


def test_the_bare_look_ahead_matches_the_empty_alias() -> None:
    assert regex(r"(?!.*@(uc\.local))").match("")


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("bob@other.org", True),
        ("bob@UC.local", False),
        ("bob@uc.local;transport=tls", False),
        ("bob@uc.example", False),
        ("bob@ucXlocal", True),
    ],
)
def test_look_ahead_with_a_variable(alias: str, expected: bool) -> None:
    assert (regex(r"(?!.*@%localdomains%.*$).*").match(alias) is not None) == expected


@pytest.mark.parametrize(
    ("kind", "text", "alias", "expected"),
    [
        (PatternType.EXACT, "Bob@Example.com", "bob@example.COM", True),
        (PatternType.EXACT, "bob@example.com", "bob@exampleXcom", False),
        (PatternType.EXACT, "bob@%localdomains%", "bob@uc.example", True),
        (PatternType.PREFIX, "9.", "9.1", True),
        (PatternType.PREFIX, "9.", "91", False),
        (PatternType.SUFFIX, "@%localdomains%", "x@UC.LOCAL", True),
        (PatternType.SUFFIX, "@%ip%", "x@[2001:db8::1]", True),
        (PatternType.SUFFIX, "%40x", "a%40x", True),
        (PatternType.REGEX, r".*@(%localdomains%|%ip%)", "a@192.0.2.2", True),
        (PatternType.REGEX, r".*@%ip%", "a@192.0.2.22", False),
        (PatternType.REGEX, r".*@%ipv4_2%", "a@192.0.2.2", True),
        (PatternType.REGEX, r".*@%systemname%", "a@EDGE1", True),
        (PatternType.REGEX, r".*@%localdomain2%", "a@uc.example", True),
        (PatternType.REGEX, r"911|(911@%localdomains%)", "911", True),
        (PatternType.REGEX, r"^.*\.com$", "x.com", True),
        (PatternType.REGEX, r"a.c", "a\nc", True),
        (PatternType.REGEX, r"[^@]+", "ab\u00e9", True),
        (PatternType.REGEX, r"\u00c9", "\u00e9", False),
        (PatternType.REGEX, "k", "\u212a", False),
    ],
)
def test_whole_alias_and_ascii_case(kind: PatternType, text: str, alias: str, expected: bool) -> None:
    assert matches(kind, text.replace("\\u00c9", "\u00c9"), alias) == expected


def test_variables_without_values_match_nothing() -> None:
    assert compile_pattern(PatternType.SUFFIX, "@%localdomains%", Variables()).match("a@") is None
    assert regex(r".*@%localdomains%", Variables()).match("a@") is None
    assert regex(r"(?!.*@%localdomains%).*", Variables()).match("a@b")


def test_a_numbered_variable_needs_its_value() -> None:
    with pytest.raises(PatternError, match="no value here"):
        regex(r".*@%localdomain3%")


@pytest.mark.parametrize(
    ("kind", "pattern", "behavior", "replace", "alias", "expected"),
    [
        (REGEX, r"(.).*_(.).*(@example.com)", B.REPLACE, r"\1\2\3", "John_Smith@Example.com", "JS@Example.com"),
        (REGEX, r"(.*)@old\.example", B.REPLACE, r"\1@%localdomain1%", "A.b@OLD.example", "A.b@uc.local"),
        (PatternType.REGEX, r"(a)|(b)", B.REPLACE, r"<\1\2>", "b", "<b>"),
        (PatternType.REGEX, r"(?!x)(.)(.)?", B.REPLACE, r"\2\1\\", "a", "a\\"),
        (PatternType.REGEX, r"(?!.*x)(.*)@(.*)|y(.*)", B.REPLACE, r"\2\3", "yZ", "Z"),
        (REGEX, r"(.*)@(?!uc\.local$)(.*)", B.REPLACE, r"\2/\1", "Bob@X@Y", "Y/Bob@X"),
        (REGEX, r"(.)@(.*)", B.REPLACE, r"\2/\1", "\u00c9@Y", "Y/\u00c9"),
        (PatternType.PREFIX, "9", B.STRIP, "", "9123", "123"),
        (PatternType.PREFIX, "%localdomains%", B.STRIP, "", "UC.localx", "x"),
        (PatternType.SUFFIX, "example.com", B.REPLACE, "example.co.uk", "Bob@EXAMPLE.com", "Bob@example.co.uk"),
        (PatternType.SUFFIX, "@x", B.STRIP, "", "bob@x", "bob"),
        (PatternType.EXACT, "a", B.REPLACE, "do-not-route-this-call", "A", "do-not-route-this-call"),
        (PatternType.EXACT, "a", B.ADD_PREFIX, "sip-", "A", "sip-A"),
        (PatternType.REGEX, ".*", B.ADD_SUFFIX, "@%ipv6_1%", "A", "A@[2001:db8::1]"),
        (PatternType.EXACT, "a", B.LEAVE, "", "A", "A"),
    ],
)  # fmt: skip
def test_behaviours(kind: PatternType, pattern: str, behavior: B, replace: str, alias: str, expected: str) -> None:
    compiled = compile_pattern(kind, pattern, OURS)
    match = compiled.match(alias)
    assert match is not None
    assert compiled.rewrite(behavior, replace, OURS)(alias, match.folded) == expected


def test_expand() -> None:
    match = regex(r"(.*)@(.*)").match("Bob@X")
    assert match is not None
    assert match.groups == ("Bob@X", "Bob", "X")
    assert match.expand(r"\2@\1") == "X@Bob"


def test_groups_of_look_arounds_are_not_kept() -> None:
    match = regex(r"(?=(b).*)(.*)").match("bx")
    assert match is not None
    assert match.expand(r"\2") == "bx"
    with pytest.raises(PatternError, match="inside a look-around"):
        match.expand(r"\1")


def test_too_long_an_alias_matches_nothing() -> None:
    assert regex(".*").match("a" * 65_536)
    assert regex(".*").match("a" * 65_537) is None


def test_foreign_code_points_are_one_character() -> None:
    assert regex("a.b").match("a\ud800b")
    assert regex("(a).(?!x)b").match("a\U0010ffc0b")


HOSTILE = [
    r"(a+)+b",
    r"(a|a)*b",
    r"(a|aa)+c",
    r"(.*a){12}x",
    r"(\w+\.?)+@x\.com",
    r"(.*)(.*)(.*)(.*)(.*)(.*)@q",
    r"([a-z0-9]+-?)*\.[a-z]+@x",
    r"(?!(a+)+b).*c",
    r"(a*)*(?<!(a|aa)+b)",
    r".*(?!ab|aab)(?!.*b).*a.*x",
    r"((?!ab)a)*x",
]


@pytest.mark.slow
@pytest.mark.parametrize("pattern", HOSTILE)
def test_time_is_linear(pattern: str) -> None:
    """Eight times the alias takes about eight times as long; quadratic would be 64 times."""
    compiled = regex(pattern)

    def best(length: int) -> float:
        alias = "a" * length
        times = []
        for _ in range(5):
            start = time.perf_counter()
            compiled.match(alias)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(65_536) < 32 * best(8_192) + 0.002


ATOMS = st.sampled_from(["a", "B", "@", r"\.", ".", "ab", "[ab]", "[^a]", r"\d", r"\w", "1", "[a-c1]", "é"])
"""Patterns of them have no groups in loops that may be empty, which Python's re and RE2 treat differently."""
LOOKS = st.builds(
    "{}{}{}{})".format,
    st.sampled_from(["(?!", "(?=", "(?<!", "(?<="]),
    st.just(""),
    st.sampled_from(["a", "ab", "b|a", "@a", "[ab]b", ""]),
    st.just(""),
)
WIDE_LOOKS = st.builds(
    "{}{}{}{})".format,
    st.sampled_from(["(?!", "(?="]),
    st.sampled_from(["", ".*"]),
    st.sampled_from(["a", "ab", "(?:a|@b)", "[ab]b"]),
    st.sampled_from(["", "$", ".*", ".*$"]),
)


def _pattern(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeated = st.builds(
        "{}{}".format, ATOMS.filter(lambda atom: atom != "ab"), st.sampled_from(["*", "+", "?", "{1,2}", "*?"])
    )
    group = st.builds("({})".format, parts)
    choice = st.builds("(?:{}|{})".format, parts, parts)
    return st.lists(st.one_of(ATOMS, repeated, group, choice), min_size=1, max_size=4).map("".join)


PLAIN = _pattern(_pattern(ATOMS))
WITH_LOOKS = st.lists(st.one_of(_pattern(ATOMS), LOOKS, WIDE_LOOKS), min_size=1, max_size=4).map("".join)
ALIASES = st.text("aAbB@.1cé", max_size=8)


@examples(300)
@given(PLAIN, st.lists(ALIASES, max_size=8))
def test_agrees_with_re(pattern: str, aliases: list[str]) -> None:
    _compare(pattern, regex(pattern), aliases)


@examples(300)
@given(WITH_LOOKS, st.lists(ALIASES, max_size=8))
def test_look_arounds_agree_with_re(pattern: str, aliases: list[str]) -> None:
    try:
        re.compile(pattern)
        compiled = regex(pattern)
    except (re.error, PatternError):
        return
    _compare(pattern, compiled, aliases)


def _compare(pattern: str, compiled: Pattern, aliases: list[str]) -> None:
    oracle = re.compile(pattern, re.IGNORECASE | re.ASCII | re.DOTALL)
    for alias in aliases:
        expected = oracle.fullmatch(alias)
        found = compiled.match(alias)
        assert (found is not None) == (expected is not None), alias
        if found and expected:
            groups = tuple(group or "" for group in expected.groups())
            assert found.groups[1:] + ("",) * (len(groups) + 1 - len(found.groups)) == groups, alias


WIDE = "[^" + "".join(chr(0x100 + 977 * number) for number in range(40)) + "]"
"""A set that takes RE2 many steps: a gap in each of forty places."""


@pytest.mark.parametrize(
    "text",
    [
        r"\W" * 30,
        r"(\D+)?" * 10,
        r"(\W|\S)*" * 7,
        "." * 60,
        f"(?:{WIDE}+)*",
        f"({WIDE}|a*)*",
        "(" * 18 + r"\W" + "+)" * 18,
        "[^a]*" * 12,
        "\U0001f600?" * 30,
    ],
)
def test_a_modest_pattern_is_never_too_large(text: str) -> None:
    compiled = regex(text)
    assert len(text) <= MODEST
    assert compiled.test("no such alias") in (True, False)  # RE2 is asked now


@examples(300)
@given(
    st.lists(st.sampled_from([r"\W", r"\S", ".", "[^a-c]", WIDE, "ab", "é", "(", ")", "|", "*", "+", "?"]), max_size=60)
)
def test_no_modest_pattern_fails_when_an_alias_comes(pieces: list[str]) -> None:
    try:
        compiled = regex("".join(pieces)[:MODEST])
    except PatternError:
        return
    assert compiled.test("aba") in (True, False)


def test_what_stands_for_more_than_itself_is_refused_at_once() -> None:
    many = Variables(domains=tuple(f"{number}.{'x' * 200}" for number in range(200)))
    with pytest.raises(PatternError, match="too large"):
        regex("(?:%localdomains%){500}", many)
