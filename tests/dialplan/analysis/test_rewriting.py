from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.plans import ALIASES, patterns

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.language import Language, node_of
from dialplan.analysis.rewriting import Constant, Ends, Same, Template, aliases_before, image, rewriting_of
from dialplan.model import Behavior, PatternType, Transform, Variables
from dialplan.search.compiled_rule import CompiledTransform
from dialplan.syntax import PatternError

VALUES = Variables(domains=("a", "ab", "aba", "b@"))
"""Texts of which some end or begin others."""


def _check(transform: Transform, wanted: Language, variables: Variables = VALUES) -> None:
    """What becomes one of ``wanted`` is what the engine turns into one."""
    try:
        compiled = CompiledTransform(transform, variables, None)
    except PatternError:
        return
    node = node_of(transform.pattern_type, transform.pattern, variables)
    rewriting = rewriting_of(transform, node, variables)
    try:
        found, others = aliases_before(wanted, rewriting), aliases_before(~wanted, rewriting)
    except NotProved:
        return
    for alias in ALIASES:
        if compiled.pattern.test(alias):
            assert (compiled.rewrite(alias, alias) in wanted) == (alias in found) == (alias not in others), alias


@examples(150)
@given(
    st.sampled_from([PatternType.EXACT, PatternType.PREFIX, PatternType.SUFFIX]),
    st.sampled_from(["%localdomains%", "a", "%localdomains%b"]),
    st.sampled_from([Behavior.STRIP, Behavior.REPLACE, Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX]),
    st.sampled_from(["", "b@", "A"]),
    patterns(),
)
def test_plain_patterns(
    kind: PatternType, pattern: str, behavior: Behavior, text: str, wanted: tuple[PatternType, str]
) -> None:
    if behavior is Behavior.STRIP and kind is PatternType.EXACT:
        return
    transform = Transform(name="t", pattern_type=kind, pattern=pattern, behavior=behavior, replace=text)
    _check(transform, Language.of(*wanted))


PARTS = ["a", "b", "@", ".", "a*", ".*", "b?", ".+?", "(?:a|ab)", "(?:a|b)*", "[ab]+"]

OPTIONAL = st.sampled_from(["", "", "?", "??"])


@st.composite
def templates(draw: st.DrawFn) -> Transform:
    pieces = draw(st.lists(st.tuples(st.booleans(), st.sampled_from(PARTS)), min_size=1, max_size=4))
    groups = sum(grouped for grouped, _ in pieces)
    used = sorted(draw(st.sets(st.integers(1, groups)))) if groups else []
    replacement = "".join(draw(st.sampled_from(["", "a", "@b"])) + f"\\{one}" for one in used)
    return Transform(
        name="t",
        pattern_type=PatternType.REGEX,
        pattern="".join(f"({text}){draw(OPTIONAL)}" if grouped else text for grouped, text in pieces),
        behavior=Behavior.REPLACE,
        replace=replacement + draw(st.sampled_from(["", "b"])),
    )


def _plain(pattern: tuple[PatternType, str], text: str) -> Transform:
    return Transform(name="t", pattern_type=pattern[0], pattern=pattern[1], behavior=Behavior.REPLACE, replace=text)


@examples(150)
@given(templates(), patterns())
def test_replace_strings_with_groups(transform: Transform, wanted: tuple[PatternType, str]) -> None:
    _check(transform, Language.of(*wanted), Variables())


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [("(.*)@(.*)", r"\2@\1"), ("(a)b", r"\1\1"), ("(a*)*b", r"\1"), ("((a)b)", r"\1\2"), ("(?!b)(.*)", r"x\1")],
)
def test_out_of_reach(pattern: str, replacement: str) -> None:
    transform = Transform(
        name="t", pattern_type=PatternType.REGEX, pattern=pattern, behavior=Behavior.REPLACE, replace=replacement
    )
    rewriting = rewriting_of(transform, node_of(PatternType.REGEX, pattern), Variables())
    with pytest.raises(NotProved):
        aliases_before(Language.of(PatternType.REGEX, "a.*"), rewriting)


def test_what_changes_nothing_is_known() -> None:
    transform = Transform(
        name="t", pattern_type=PatternType.REGEX, pattern="(.*)@(.*)", behavior=Behavior.REPLACE, replace=r"\1@\2"
    )
    assert rewriting_of(transform, node_of(PatternType.REGEX, transform.pattern), Variables()) == Same()
    fixed = Transform(name="t", pattern_type=PatternType.EXACT, pattern="a", behavior=Behavior.REPLACE, replace="b")
    assert rewriting_of(fixed, None, Variables()) == Constant("b")


@pytest.mark.parametrize(
    ("pattern", "replacement", "ends"),
    [
        (r"(.*)@old\.example", r"\1@new.example", Ends(False, ("@old.example",), "@new.example")),
        (r"(.*?)@(?:old)", r"\1@new", Ends(False, ("@old",), "@new")),
        ("00(.*)", r"+\1", Ends(True, ("00",), "+")),
        (".*(@old)", r"\1@new", None),
        ("(.*)*@old", r"\1@new", None),
        ("(.*)@old", r"@new\1", None),
        ("(.+)@old", r"\1@new", None),
    ],
)
def test_a_group_that_is_all_but_one_end(pattern: str, replacement: str, ends: Ends | None) -> None:
    transform = Transform(
        name="t", pattern_type=PatternType.REGEX, pattern=pattern, behavior=Behavior.REPLACE, replace=replacement
    )
    node = node_of(PatternType.REGEX, pattern)
    rewriting = rewriting_of(transform, node, Variables())
    assert rewriting == ends or (ends is None and isinstance(rewriting, Template))
    for wanted in (".*new", r"\+.*", "a.*", ".*@new.*|b@old"):
        _check(transform, Language.of(PatternType.REGEX, wanted), Variables())


@examples(150)
@given(st.one_of(templates(), st.builds(_plain, patterns(), st.sampled_from(["", "b@", "A"]))))
def test_every_result_matches_the_image(transform: Transform) -> None:
    try:
        compiled = CompiledTransform(transform, Variables(), None)
    except PatternError:
        return
    node = node_of(transform.pattern_type, transform.pattern)
    results = Language.of_node(image(rewriting_of(transform, node, Variables())))
    assert all(compiled.rewrite(alias, alias) in results for alias in ALIASES if compiled.pattern.test(alias))
