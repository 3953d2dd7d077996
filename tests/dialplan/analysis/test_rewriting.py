from __future__ import annotations

import pytest
from hypothesis import strategies as st
from support.plans import ALIASES, patterns
from support.properties import holds_for

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.language import Language, node_of
from dialplan.analysis.rewriting import Constant, Same, aliases_before, rewriting_of
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


@holds_for(
    st.sampled_from([PatternType.EXACT, PatternType.PREFIX, PatternType.SUFFIX]),
    st.sampled_from(["%localdomains%", "a", "%localdomains%b"]),
    st.sampled_from([Behavior.STRIP, Behavior.REPLACE, Behavior.ADD_PREFIX, Behavior.ADD_SUFFIX]),
    st.sampled_from(["", "b@", "A"]),
    patterns(),
    quick=10,
    many=150,
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


@holds_for(templates(), patterns(), quick=8, many=150)
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
