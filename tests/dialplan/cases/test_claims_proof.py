from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.settings import plan_of, rule

from dialplan.analysis import Sender
from dialplan.cases.claims import Claim, ClaimKind
from dialplan.cases.claims_parser import parse_claim
from dialplan.cases.claims_proof import ClaimAnswer, ClaimVerdict, Prover, Voice, zones_of
from dialplan.model import Location, Query, Traffic
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan

SENDERS = (Sender("In"), Sender("Out", frozenset({False})), Sender("Mute", frozenset(), silent="it is mute"))
PLAN = (
    rule("in", "Inner", r".*@own\.example", source_zone='"Out"', priority="10")
    + rule("out", "Outer", r".*@partner\.example", source_zone='"In"', priority="20", on_match="continue")
    + rule("rest", "Other", source_zone='"In"', authenticated="yes", priority="30")
)


def answer(text: str, plan: str = PLAN) -> ClaimAnswer:
    claim = parse_claim(text, Location())
    return Prover(plan_of(plan), SENDERS, [claim]).answer(claim)


def speaks(sender: Sender, domain: str) -> Voice:
    """Only zone "In" speaks for own.example, and authenticated; anybody for all others."""
    if domain != "own.example":
        return Voice(sender, "anybody may")
    if sender.name == "In":
        return Voice(replace(sender, authenticated=frozenset({True})), "its users may")
    return Voice(replace(sender, authenticated=frozenset(), silent="it may not"))


@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        ('never from domain "own.example" in zone "Out"', ClaimVerdict.PROVED, ""),
        ('never from domain "own.example" authenticated no', ClaimVerdict.PROVED, ""),
        ('never from domain "own.example" to zone "Other"', ClaimVerdict.REFUTED, "its users may"),
        ('never from domain "else.example" in zone "Out" to zone "Inner"', ClaimVerdict.REFUTED, "anybody may"),
        ('always from domain "own.example" in zone "In" alias "*@a.b" to zone "Other"', ClaimVerdict.PROVED, ""),
        (
            'always from domain "own.example" in zone "Out" to zone "Inner"',
            ClaimVerdict.PROVED,
            "no zone sends such requests: it may not",
        ),
    ],
)
def test_a_domain_in_from(text: str, verdict: ClaimVerdict, reason: str) -> None:
    claim = parse_claim(text, Location())
    found = Prover(plan_of(PLAN), SENDERS, [claim], speaks).answer(claim)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert (found.counterexample is not None) == (verdict is ClaimVerdict.REFUTED)


@pytest.mark.parametrize(
    "text",
    [
        'never from zone "Out" to zone "Outer" "Other"',
        'never from zone "In" alias "*@own.example" to zone "Inner"',
        'never authenticated no to zone "Other"',
        'only from zone "In" alias "*@partner.example" to zone "Outer"',
        'only from zone "In" authenticated yes to zone "Other"',
        'only from zone "Out" alias regex "[^@]*@own\\.example" to zone "Inner"',
        'always from zone "Out" alias "*@own.example" to zone "Inner"',
        'always from zone "In" alias "*@partner.example" to zone "Outer" "Other"',
        'never from zone "Out" alias "*@partner.example"',
    ],
)
def test_proved(text: str) -> None:
    assert (answer(text).verdict, answer(text).reason) == (ClaimVerdict.PROVED, "")


@pytest.mark.parametrize(
    ("text", "end", "source"),
    [
        ('never from zone "In" alias "*@partner.example" to zone "Outer"', "@partner.example", "In"),
        ('never from zone "In" alias "*@partner.example" to zone "Other"', "@partner.example", "In"),
        ('only alias "a*" to zone "Inner"', "@own.example", "Out"),
        ('only from zone "In" to zone "Inner"', "@own.example", "Out"),
        ('only traffic standard to zone "Inner"', "@own.example", "Out"),
        ('always alias "*@own.example" to zone "Inner"', "@own.example", "In"),
        ('always from zone "In" alias "*@partner.example" to zone "Other"', "@partner.example", "In"),
        ('always from zone "Out"', "", "Out"),
    ],
)
def test_refuted_with_a_counterexample_that_the_engine_confirms(text: str, end: str, source: str) -> None:
    found = answer(text)
    assert found.verdict is ClaimVerdict.REFUTED and found.counterexample is not None
    query = found.counterexample.query
    assert query.alias.endswith(end) and query.source == source


def test_a_proof_about_nobody_says_so() -> None:
    found = answer('never from zone "Mute"')
    assert (found.verdict, found.reason) == (ClaimVerdict.PROVED, "no zone sends such requests: it is mute")
    assert answer('never from zone "Out" authenticated yes').reason == "no zone sends such requests"


def test_what_the_analysis_cannot_answer_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("dialplan.analysis.decide"), "MAX_REGIONS", 0)
    found = answer('always from zone "Out" to zone "Outer"')
    assert found.verdict is ClaimVerdict.NOT_PROVED
    assert found.reason.startswith("the analysis gave up: more than 0 cases")


def test_a_claim_that_the_engine_does_not_break_is_not_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    search = CompiledPlan.search
    monkeypatch.setattr(CompiledPlan, "search", lambda plan, query: search(plan, Query("@", query.source)))
    found = answer('never from zone "Out" to zone "Inner"')
    assert found.verdict is ClaimVerdict.NOT_PROVED
    assert found.reason.startswith("the analysis and the engine disagree about ")


def test_a_variable_without_value_is_a_mistake() -> None:
    with pytest.raises(DialplanError):
        answer('never alias "*@%localdomain1%"')


@pytest.mark.slow
def test_characters_that_the_plan_does_not_name_are_told_apart() -> None:
    found = answer('never from zone "Out" alias regex "(?!é).*"')
    assert found.verdict is ClaimVerdict.REFUTED
    assert answer('only alias regex "[^é]*" to zone "Inner"').verdict is ClaimVerdict.REFUTED


PATTERNS = ("a.*", ".*b", "[^a]@b", "a@.*", ".*@.*", "(?!a).*", "a|b@a")
ALIASES = [text for length in range(4) for text in map("".join, product("ab@", repeat=length))]
ALIASES = [text for text in ALIASES if text.count("@") <= 1 and text.partition("@")[2 if "@" in text else 0]]
RULES = st.lists(
    st.tuples(
        st.sampled_from(PATTERNS), st.sampled_from("XY"), st.sampled_from(["In", "Out"]), st.sampled_from("12"),
        st.sampled_from(["stop", "continue"]),
    ),
    max_size=4,
)  # fmt: skip
CLAIMS = st.builds(
    Claim,
    kind=st.sampled_from(ClaimKind),
    sources=st.sampled_from([(), ("In",), ("Out",)]),
    pattern=st.sampled_from(["", *PATTERNS]),
    traffic=st.just(None),
    targets=st.sampled_from([(), ("X",), ("Y",)]),
    text=st.just(""),
)


@examples(150)
@given(RULES, CLAIMS)
def test_verdicts_agree_with_trying_all_short_aliases(rules: list[tuple[str, ...]], claim: Claim) -> None:
    text = "".join(
        rule(f"r{number}", target, pattern, source_zone=f'"{source}"', priority=priority, on_match=on_match)
        for number, (pattern, target, source, priority, on_match) in enumerate(rules)
    )
    plan = plan_of(text)
    found = Prover(plan, SENDERS[:2], [claim]).answer(claim)
    asked = CompiledPlan(plan_of(rule("claim", "C", claim.pattern or ".*")).dialplan)
    broken = [
        (alias, source)
        for alias in ALIASES
        for source in ("In", "Out")
        if _broken(claim, plan, asked, Query(alias, source, Traffic.STANDARD))
    ]
    if broken:
        assert found.verdict is ClaimVerdict.REFUTED
    if found.counterexample is not None:
        assert _broken(claim, plan, asked, found.counterexample.query)


def _broken(claim: Claim, plan: CompiledPlan, asked: CompiledPlan, query: Query) -> bool:
    fits = (not claim.sources or query.source in claim.sources) and bool(asked.search(query).tiers)
    tiers = [zones_of(tier) for tier in plan.search(query).tiers]
    wanted = frozenset(claim.targets) or frozenset("XY")
    if claim.kind is ClaimKind.ALWAYS:
        return fits and not (tiers and tiers[0] & wanted)
    return fits is (claim.kind is ClaimKind.NEVER) and any(zones & wanted for zones in tiers)


def test_rules_of_a_claim_are_named_apart() -> None:
    claims = [Claim(kind=ClaimKind.NEVER, pattern=one, text="") for one in (".*", "a", "a")]
    prover = Prover(CompiledPlan(plan_of("").dialplan), SENDERS, claims)
    assert [prover.answer(one).verdict for one in claims] == [ClaimVerdict.PROVED] * 3
