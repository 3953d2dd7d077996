from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.third_party import require_shared

from dialplan.language.parser import parse_dialplan
from dialplan.model import (
    Behavior,
    Dialplan,
    Mode,
    OnMatch,
    PatternType,
    Protocol,
    Query,
    RuleOutcome,
    SearchRule,
    SourceMode,
    Traffic,
    TrafficType,
    Transform,
    Variables,
)
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan, Explanation, is_address

IMP = Traffic.MICROSOFT_IMP


def regex_rule(name: str, priority: int, pattern: str, target: str = "Z", **more: object) -> SearchRule:
    fields: dict[str, object] = {
        "mode": Mode.ALIAS_PATTERN_MATCH,
        "pattern_type": PatternType.REGEX,
        "pattern": pattern,
        "behavior": Behavior.LEAVE,
    }
    return SearchRule(name=name, priority=priority, target=target, **{**fields, **more})  # type: ignore[arg-type]


def search(rules: list[SearchRule], query: Query, transforms: tuple[Transform, ...] = ()) -> Explanation:
    return CompiledPlan(Dialplan(transforms, tuple(rules)), Variables(domains=("uc.local",))).search(query)


def shape(found: Explanation) -> list[tuple[int, bool, list[tuple[str, str, str]]]]:
    return [
        (tier.priority, tier.stop, [(one.rule, one.zone, one.alias) for one in tier.targets]) for tier in found.tiers
    ]


def outcomes(found: Explanation) -> dict[str, str]:
    return {entry.rule: entry.outcome.value for entry in found.trace}


def test_tiers_go_up_to_the_first_stop_and_equals_still_apply() -> None:
    rules = [
        regex_rule("late", 30, ".*"),
        regex_rule("b", 20, ".*", "B"),
        regex_rule("a", 10, ".*", "A"),
        regex_rule("stop", 20, ".*", "S", on_match=OnMatch.STOP),
        regex_rule("c", 20, ".*", "C"),
    ]
    found = search(rules, Query("x@y", "Z"))
    assert shape(found) == [
        (10, False, [("a", "A", "x@y")]),
        (20, True, [("b", "B", "x@y"), ("stop", "S", "x@y"), ("c", "C", "x@y")]),
    ]
    assert [entry.rule for entry in found.trace] == ["a", "b", "stop", "c", "late"]
    assert outcomes(found)["late"] == "stopped"


def test_a_stop_rule_that_does_not_match_stops_nothing() -> None:
    rules = [regex_rule("a", 1, "no", on_match=OnMatch.STOP), regex_rule("b", 2, ".*")]
    assert outcomes(search(rules, Query("x", "Z"))) == {"a": "pattern", "b": "matched"}


def test_equal_pairs_of_one_tier_are_asked_once() -> None:
    rules = [
        regex_rule("a", 1, ".*"),
        regex_rule("b", 1, "x.*"),
        regex_rule("c", 1, ".*", behavior=Behavior.REPLACE, replace="other"),
        regex_rule("d", 2, ".*"),
    ]
    assert shape(search(rules, Query("x@y", "Z"))) == [
        (1, False, [("a", "Z", "x@y"), ("c", "Z", "other")]),
        (2, False, [("d", "Z", "x@y")]),
    ]


@pytest.mark.parametrize(
    ("source", "name", "admitted"),
    [
        (SourceMode.ANY, "", {"Default Zone", "Local Zone", "N"}),
        (SourceMode.ALL_ZONES, "", {"Local Zone", "N"}),
        (SourceMode.LOCAL_ZONE, "", {"Local Zone"}),
        (SourceMode.NAMED, "N", {"N"}),
        (SourceMode.NAMED, "Default Zone", {"Default Zone"}),
    ],
)
def test_source(source: SourceMode, name: str, admitted: set[str]) -> None:
    plan = CompiledPlan(Dialplan((), (SearchRule(name="r", target="Z", source=source, source_name=name),)))
    zones = ("Default Zone", "Local Zone", "N")
    assert {zone for zone in zones if plan.search(Query("x@y", zone)).tiers} == admitted


@pytest.mark.parametrize("kind", TrafficType)
@pytest.mark.parametrize("traffic", Traffic)
def test_traffic(kind: TrafficType, traffic: Traffic) -> None:
    admitted = {
        TrafficType.ANY: set(Traffic),
        TrafficType.STANDARD: {Traffic.STANDARD},
        TrafficType.ANY_MICROSOFT: set(Traffic) - {Traffic.STANDARD},
        TrafficType.MICROSOFT_SIP: {Traffic.MICROSOFT_AV, Traffic.MICROSOFT_SHARE},
        TrafficType.MICROSOFT_IMP: {Traffic.MICROSOFT_IMP},
    }[kind]
    found = search([SearchRule(name="r", target="Z", traffic_type=kind)], Query("x@y", "Z", traffic))
    assert bool(found.tiers) == (traffic in admitted)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"enabled": False, "protocol": Protocol.H323}, RuleOutcome.DISABLED),
        ({"protocol": Protocol.H323, "source": SourceMode.LOCAL_ZONE}, RuleOutcome.PROTOCOL),
        ({"source": SourceMode.LOCAL_ZONE, "traffic_type": TrafficType.MICROSOFT_IMP}, RuleOutcome.SOURCE),
        ({"traffic_type": TrafficType.MICROSOFT_IMP, "authenticated": True}, RuleOutcome.TRAFFIC),
        ({"authenticated": True, "mode": Mode.ANY_IP_ADDRESS}, RuleOutcome.AUTHENTICATION),
        ({"mode": Mode.ANY_IP_ADDRESS}, RuleOutcome.MODE),
        ({"mode": Mode.ALIAS_PATTERN_MATCH, "pattern": "9", "behavior": Behavior.LEAVE}, RuleOutcome.PATTERN),
        ({}, RuleOutcome.MATCHED),
    ],
)
def test_the_first_reason_is_told(fields: dict[str, object], expected: RuleOutcome) -> None:
    rule = SearchRule(name="r", target="Z", **fields)  # type: ignore[arg-type]
    assert outcomes(search([rule], Query("x@y", "N"))) == {"r": expected.value}


def test_a_disabled_rule_behind_a_stop_is_disabled() -> None:
    rules = [SearchRule(name="a", priority=1, target="Z", on_match=OnMatch.STOP)]
    rules.append(SearchRule(name="b", priority=2, target="Z", enabled=False))
    assert outcomes(search(rules, Query("x", "Z"))) == {"a": "matched", "b": "disabled"}


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("192.0.2.1", True),
        ("192.0.2.1:5061;transport=tls", True),
        ("[2001:db8::1]:5061", True),
        ("2001:db8::1", True),
        ("alice@192.0.2.1", False),
        ("example.com:5061;lr", False),
        ("9123", False),
        ("1.example.com", False),
        ("", False),
    ],
)
def test_addresses(alias: str, expected: bool) -> None:
    assert is_address(alias) == expected
    rules = [SearchRule(name="ip", target="Z", mode=Mode.ANY_IP_ADDRESS), SearchRule(name="any", target="Z")]
    assert [one.rule for tier in search(rules, Query(alias, "Z")).tiers for one in tier.targets] == [
        "ip" if expected else "any"
    ]


def test_one_transform_the_first_by_priority() -> None:
    def transform(name: str, priority: int, pattern: str, replace: str, enabled: bool = True) -> Transform:
        return Transform(
            name=name,
            priority=priority,
            pattern_type=PatternType.REGEX,
            pattern=pattern,
            behavior=Behavior.REPLACE,
            replace=replace,
            enabled=enabled,
        )

    transforms = (
        transform("second", 5, "(.*)@old", r"\1@wrong"),
        transform("first", 4, "(.*)@old", r"\1@new"),
        transform("third", 6, "(.*)@new", r"\1@again"),
        transform("off", 1, ".*", "x", enabled=False),
    )
    found = search([regex_rule("r", 1, ".*@new")], Query("Bob@OLD", "Z"), transforms)
    assert (found.alias, found.transform, found.searched) == ("Bob@OLD", "first", "Bob@new")
    assert shape(found) == [(1, False, [("r", "Z", "Bob@new")])]
    assert search([], Query("x", "Z"), transforms).transform is None


def test_json() -> None:
    rules = [regex_rule("a", 1, ".*@uc", "A", on_match=OnMatch.STOP), regex_rule("b", 2, ".*", "B")]
    assert search(rules, Query("x@uc", "Z")).to_json() == {
        "alias": "x@uc",
        "transform": None,
        "searched": "x@uc",
        "tiers": [{"priority": 1, "stop": True, "targets": [{"rule": "a", "zone": "A", "alias": "x@uc"}]}],
        "trace": [
            {"rule": "a", "priority": 1, "outcome": "matched"},
            {"rule": "b", "priority": 2, "outcome": "stopped"},
        ],
    }


def test_an_alias_over_the_limit_goes_nowhere() -> None:
    found = search([SearchRule(name="any", target="Z"), regex_rule("r", 1, ".*")], Query("a" * 65_537, "Z"))
    assert found.tiers == ()
    assert outcomes(found) == {"r": "pattern", "any": "mode"}


def test_what_needs_variables_is_refused_at_its_place() -> None:
    text = """search rule "r" { target zone "t"
        mode alias pattern match
        pattern type suffix
        pattern "@%localdomain2%"
        behavior replace
        replace "@%systemname%"
    }"""
    with pytest.raises(DialplanError) as caught:
        CompiledPlan(parse_dialplan(text, "f"), Variables(domains=("a",)))
    assert [str(one.location) for one in caught.value.problems] == ["f:4:19"]
    with pytest.raises(DialplanError) as caught:
        CompiledPlan(parse_dialplan(text, "f"), Variables(domains=("a", "b")))
    assert [str(one.location) for one in caught.value.problems] == ["f:6:19"]


def test_two_files_are_one_plan() -> None:
    one = parse_dialplan('search rule "r" { target zone "t" }', "one")
    two = parse_dialplan('\nsearch rule "R" { target zone "t" }', "two")
    with pytest.raises(DialplanError, match='two:2:1: a second search rule "R"'):
        CompiledPlan(one + two)


# The rules that the federation guide prints.

TABLE_4_INSIDE = r"""
search rule "arrow 2" {
    protocol SIP
    traffic type Microsoft SIP IM&P
    source zone "IM&P neighbor"
    mode alias pattern match
    pattern type regex
    pattern ".*@msexample\.com"
    behavior leave
    on successful match stop
    target zone "Traversal client"
}
"""
TABLE_4_OUTSIDE = """
search rule "arrow 3" {
    priority 65534
    traffic type Microsoft SIP IM&P
    source zone "Traversal server"
    mode any alias
    on successful match stop
    target zone "DNS"
}
"""
TABLE_5_OUTSIDE = r"""
search rule "arrow 4" {
    traffic type Microsoft SIP IM&P
    source zone "Default Zone"
    mode alias pattern match
    pattern type regex
    pattern ".*@ciscoexample\.com"
    behavior leave
    on successful match stop
    target zone "Traversal server"
}
"""
TABLE_5_INSIDE = r"""
search rule "arrow 5" {
    traffic type Microsoft SIP IM&P
    source zone "Traversal client"
    mode alias pattern match
    pattern type regex
    pattern ".*@ciscoexample\.com"
    behavior leave
    on successful match stop
    target zone "IM&P neighbor"
}
search rule "arrow 6" {
    traffic type Microsoft SIP IM&P
    source zone "Traversal client"
    mode alias pattern match
    pattern type regex
    pattern ".*IMP1-public\.ciscoexample\.com.*"
    behavior leave
    on successful match stop
    target zone "IM&P neighbor"
}
"""
TABLE_6 = r"""
search rule "IMP Public to IMP" {
    priority 20
    protocol SIP
    traffic type MS IM&P
    source any
    authenticated no
    mode alias pattern match
    pattern type regex
    pattern ".*imp1-public\.uc\.local.*"
    behavior leave
    on successful match stop
    target zone "IMP"
}
search rule "uc.local MSIMP to IMP" {
    priority 20
    protocol SIP
    traffic type MS IM&P
    source any
    authenticated no
    mode alias pattern match
    pattern type regex
    pattern ".*@uc\.local.*"
    behavior leave
    on successful match stop
    target zone "IMP"
}
"""
INSIDE = TABLE_4_INSIDE + TABLE_5_INSIDE
OUTSIDE = TABLE_4_OUTSIDE + TABLE_5_OUTSIDE
FQDN = "imp1-public.ciscoexample.com:5061;transport=tls;lr"


@pytest.mark.parametrize(
    ("plan", "alias", "source", "traffic", "rule", "zone"),
    [
        (INSIDE, "romeo@msexample.com", "IM&P neighbor", IMP, "arrow 2", "Traversal client"),
        (INSIDE, "romeo@msexample.com", "Traversal client", IMP, None, None),
        (INSIDE, "romeo@msexample.com", "IM&P neighbor", Traffic.STANDARD, None, None),
        (INSIDE, "Juliet@ciscoexample.com", "Traversal client", IMP, "arrow 5", "IM&P neighbor"),
        (INSIDE, FQDN, "Traversal client", IMP, "arrow 6", "IM&P neighbor"),
        (OUTSIDE, "romeo@msexample.com", "Traversal server", IMP, "arrow 3", "DNS"),
        (OUTSIDE, "edge.msexample.com:5061;transport=tls;opaque=state", "Traversal server", IMP, "arrow 3", "DNS"),
        (OUTSIDE, "juliet@ciscoexample.com", "Default Zone", IMP, "arrow 4", "Traversal server"),
        # As printed the outside plan has no way for an inbound NOTIFY (docs/notify-return.md).
        (OUTSIDE, FQDN, "Default Zone", IMP, None, None),
        (TABLE_6, "imp1-public.uc.local:5061;lr", "Traversal client", IMP, "IMP Public to IMP", "IMP"),
        (TABLE_6, "juliet@uc.local;gr=1", "Default Zone", IMP, "uc.local MSIMP to IMP", "IMP"),
        (TABLE_6, "juliet@ucXlocal", "Default Zone", IMP, None, None),
    ],
)
def test_the_guides_tables(
    plan: str, alias: str, source: str, traffic: Traffic, rule: str | None, zone: str | None
) -> None:
    found = CompiledPlan(parse_dialplan(plan, "guide")).search(Query(alias, source, traffic))
    targets = [(one.rule, one.zone, one.alias) for tier in found.tiers for one in tier.targets]
    assert targets == ([] if rule is None else [(rule, zone, alias)])


def test_table_6_asks_one_zone_once_for_one_alias() -> None:
    found = CompiledPlan(parse_dialplan(TABLE_6, "guide")).search(Query("x@imp1-public.uc.local@uc.local", "Z", IMP))
    assert [len(tier.targets) for tier in found.tiers] == [1]


def test_the_log_of_a_hidden_rule() -> None:
    """A Stop rule at 100 hides the rule at 101, which then leaves no line in the log (sample 06 B)."""
    log = require_shared("samples/expressway/06_search_rules_and_dns_lookup_expe.log").read_text()
    rules = [
        regex_rule("to DNS", 100, r"(?!.*@%localdomains%.*$).*", "DNS", on_match=OnMatch.STOP),
        regex_rule("Webex Hybrid - to Webex Cloud", 101, r".*@.*\.ciscospark\.com", on_match=OnMatch.STOP),
    ]
    alias = "pstojano-test@dmzlab.call.ciscospark.com"
    found = search(rules, Query(alias, "Hybrid Call Service Traversal"))
    (target,) = found.tiers[0].targets
    told = f"Considering search rule '{target.rule}' towards target '{target.zone}' at priority '100'"
    assert f"{told} with alias '{target.alias}'" in log
    assert outcomes(found) == {"to DNS": "matched", "Webex Hybrid - to Webex Cloud": "stopped"}


# The index finds what a scan over all rules finds.

PATTERNS = st.sampled_from(
    [
        ".*@a.com",
        ".*@b.com",
        "x.*",
        "(?:x|y)b.*",
        "(.*)@(a|b)\\.com(;.*)?",
        ".*",
        "xx\\d+@.*",
        "(?!x).*",
        "[^@]+",
        "yb@a.com",
    ]
)
RULES = st.builds(
    SearchRule,
    name=st.just(""),
    priority=st.integers(1, 5),
    target=st.sampled_from("AB"),
    source=st.sampled_from([SourceMode.ANY, SourceMode.ALL_ZONES]),
    mode=st.sampled_from([Mode.ALIAS_PATTERN_MATCH] * 4 + [Mode.ANY_ALIAS]),
    pattern_type=st.sampled_from(PatternType),
    pattern=PATTERNS,
    behavior=st.just(Behavior.LEAVE),
    on_match=st.sampled_from([OnMatch.CONTINUE] * 3 + [OnMatch.STOP]),
    enabled=st.sampled_from([True] * 4 + [False]),
)


@pytest.mark.slow
@examples(60)
@given(
    st.lists(RULES, min_size=16, max_size=30),
    st.lists(st.tuples(st.text("xyb@a.com1;", max_size=8), st.sampled_from(["@a.com", "@B.com;lr", ""])), max_size=6),
    st.sampled_from(["Default Zone", "N"]),
)
def test_search_equals_a_scan(rules: list[SearchRule], parts: list[tuple[str, str]], source: str) -> None:
    plan = CompiledPlan(Dialplan((), tuple(replace(rule, name=str(number)) for number, rule in enumerate(rules))))
    for start, end in parts:
        found = plan.search(Query(start + end, source))
        matched = [entry.rule for entry in found.trace if entry.outcome is RuleOutcome.MATCHED]
        scanned: dict[tuple[int, str, str], str] = {}
        for number in matched:
            rule = rules[int(number)]
            scanned.setdefault((rule.priority, rule.target, start + end), number)
        assert [one.rule for tier in found.tiers for one in tier.targets] == list(scanned.values())
