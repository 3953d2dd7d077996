from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.expressway_rules import ADDRESS, DOMAINS, NAMES, TRAFFIC_TYPES, evaluate

from dialplan.importers.expressway import ImportedPlan, ZoneUse, import_plan
from dialplan.importers.xconfiguration import read_dump
from dialplan.language.format import write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.model import (
    Behavior,
    Dialplan,
    Mode,
    PatternType,
    Query,
    SearchRule,
    SourceMode,
    Traffic,
    TrafficType,
    Transform,
    Variables,
)
from dialplan.search.search import CompiledPlan

VARIABLES = Variables(ipv4=(ADDRESS,), domains=DOMAINS, system_name="expc")


def _named(name: str, kind: ZoneUse, line: int) -> str:
    return NAMES.get(name, name)


def _import(text: str, system_name: str = "expc") -> ImportedPlan:
    return import_plan(read_dump(text), _named, VARIABLES, system_name)


def _dump(kind: str, number: int, fields: Mapping[str, str]) -> str:
    return "".join(f'*c xConfiguration {kind} {number} {name}: "{value}"\n' for name, value in fields.items())


def _rule(**fields: str) -> SearchRule:
    """One imported rule; keywords have underscores for blanks."""
    given = {"Target Name": "X", **{name.replace("_", " "): value for name, value in fields.items()}}
    plan = _import(_dump("Zones Policy SearchRules Rule", 4, given))
    assert plan.refused == []
    (entry,) = plan.entries
    assert isinstance(entry, SearchRule)
    return entry


def _transform(**fields: str) -> Transform:
    plan = _import(_dump("Transform", 2, {name.replace("_", " "): value for name, value in fields.items()}))
    assert plan.refused == []
    (entry,) = plan.entries
    assert isinstance(entry, Transform)
    return entry


REGEXES = (
    (r".*@uc\.local", "", r"x@y"),
    (r"(.*)@(.*)", r"\2\1", r"\1@z.example"),
    (r".*imp1-public\.uc\.local.*", "", r"n"),
    (r"(?!.*@%localdomains%.*$).*", "", r"out"),
    (r"(.)(.*)@%localdomains%", r"\1\2", r"\2@corp.example"),
    (r".*@(%localdomains%|%ip%)", "", r"\1"),
    (r"\d{3,5}", "", r"9"),
    (r".*(?<!net)", "", r"q"),
    (r"(b|a)(l.*)?", r"\1", r"\1\2"),
    (r"^[a-c]+.*$", "", ""),
    (r"%systemname%.*", "", "s"),
)
PLAINS = ("a", "al", "@uc.local", "@%localdomain1%", "%localdomains%", "bob@uc.local", ".local", "123", "", "%ip%")


def _patterns(behaviors: list[str]) -> st.SearchStrategy[dict[str, str]]:
    """Strip is for prefix and suffix only; exact patterns are not empty."""
    regexes = st.builds(
        lambda row, behavior, choice: {
            "Pattern Type": "Regex",
            "Pattern String": row[0],
            "Pattern Behavior": behavior,
            "Pattern Replace": row[choice],
        },
        st.sampled_from(REGEXES),
        st.sampled_from([one for one in behaviors if one != "Strip"]),
        st.sampled_from([1, 2]),
    ).filter(lambda one: not (one["Pattern Behavior"].startswith("Add") and "\\" in one["Pattern Replace"]))
    plains = st.builds(
        lambda kind, pattern, behavior, text: {
            "Pattern Type": kind,
            "Pattern String": pattern,
            "Pattern Behavior": behavior,
            "Pattern Replace": text,
        },
        st.sampled_from(["Exact", "Prefix", "Suffix"]),
        st.sampled_from(PLAINS),
        st.sampled_from(behaviors),
        st.sampled_from(["", "00", "@corp.example", "a\\b"]),
    ).filter(
        lambda one: one["Pattern Type"] != "Exact" or (one["Pattern String"] and one["Pattern Behavior"] != "Strip")
    )
    return regexes | plains


RULES = st.lists(
    st.tuples(
        st.fixed_dictionaries(
            {
                "Priority": st.sampled_from(["1", "20", "20", "100"]),
                "Protocol": st.sampled_from(["Any", "SIP", "SIP", "H323"]),
                "SIPTrafficType": st.sampled_from(sorted(TRAFFIC_TYPES)),
                "Source Mode": st.sampled_from(["Any", "Any", "AllZones", "LocalZone", "Named"]),
                "Source Name": st.sampled_from(["IMP", "DefaultZone", "LocalZone"]),
                "Authentication": st.sampled_from(["No", "No", "Yes"]),
                "Mode": st.sampled_from(["AliasPatternMatch", "AliasPatternMatch", "AnyAlias", "AnyIPAddress"]),
                "Progress": st.sampled_from(["Continue", "Stop"]),
                "Target Name": st.sampled_from(["IMP", "DNS", "LocalZone"]),
                "State": st.sampled_from(["Enabled", "Enabled", "Disabled"]),
            }
        ),
        _patterns(["Strip", "Leave", "Replace"]),
    ),
    min_size=1,
    max_size=6,
)
TRANSFORMS = st.lists(
    st.tuples(
        st.sampled_from(["Enabled", "Enabled", "Disabled"]),
        _patterns(["Strip", "Leave", "Replace", "AddPrefix", "AddSuffix"]),
    ),
    max_size=2,
)
ALIASES = (
    "bob@uc.local alice@corp.example a@b.net al 12345 192.0.2.1 198.51.100.7 expc imp1-public.uc.local;lr "
    "BOB@UC.LOCAL bobxuc.local x@imp1-public.uc.local:5061 b@192.0.2.1 123@uc.local.net"
).split()


@pytest.mark.slow
@examples(250)
@given(
    TRANSFORMS,
    RULES,
    st.lists(
        st.builds(
            Query,
            st.sampled_from(ALIASES) | st.text("ab@.l1", min_size=1, max_size=12),
            st.sampled_from(["IMP", "Default Zone", "Local Zone"]),
            st.sampled_from(Traffic),
            authenticated=st.booleans(),
        ),
        min_size=5,
        max_size=12,
    ),
)
def test_the_imported_plan_decides_as_the_original(
    transforms: list[tuple[str, dict[str, str]]],
    rules: list[tuple[dict[str, str], dict[str, str]]],
    queries: list[Query],
) -> None:
    first = [{"Priority": str(n), "State": state, **pattern} for n, (state, pattern) in enumerate(transforms, start=1)]
    second = [{**fields, **pattern} for fields, pattern in rules]
    text = "".join(_dump("Transform", n, fields) for n, fields in enumerate(first, start=1))
    text += "".join(_dump("Zones Policy SearchRules Rule", n, fields) for n, fields in enumerate(second, start=1))
    imported = _import(text)
    assert imported.refused == []
    written = "".join(map(write_entry, imported.entries))
    plan = CompiledPlan(parse_dialplan(written, "f"), VARIABLES)
    for query in queries:
        found = plan.search(query)
        searched, tiers = evaluate(first, second, query)
        assert found.searched == searched
        assert [
            (tier.priority, tier.stop, {(target.zone, target.alias) for target in tier.targets}) for tier in found.tiers
        ] == tiers


def test_defaults_are_those_of_the_command_line() -> None:
    assert _rule() == SearchRule(name="rule 4", target="X")
    assert _transform(Pattern_String="00") == Transform(name="transform 2", pattern="00")


def test_all_fields() -> None:
    rule = _rule(
        Name="IM&P",
        Description="d",
        Priority="20",
        Protocol="H323",
        SIPTrafficType="Microsoft SIP IM&P",
        Source_Mode="Named",
        Source_Name="DefaultZone",
        Authentication="Yes",
        Mode="AliasPatternMatch",
        Pattern_Type="Regex",
        Pattern_String="(.*)",
        Pattern_Behavior="Replace",
        Pattern_Replace=r"\1",
        Progress="Stop",
        State="Disabled",
        SystemGenerated="No",
    )
    assert (rule.name, rule.description, rule.priority, rule.traffic_type) == (
        "IM&P",
        "d",
        20,
        TrafficType.MICROSOFT_IMP,
    )
    assert (rule.source, rule.source_name, rule.authenticated) == (SourceMode.NAMED, "Default Zone", True)
    assert (rule.mode, rule.pattern, rule.replace, rule.enabled) == (Mode.ALIAS_PATTERN_MATCH, "(.*)", r"\1", False)


def test_a_pattern_that_is_not_looked_at_is_left_out() -> None:
    rule = _rule(Mode="AnyAlias", Pattern_Type="Regex", Pattern_String="(", Pattern_Behavior="Replace")
    assert rule == SearchRule(name="rule 4", target="X")


def test_what_cannot_be_said_is_refused_with_the_reason() -> None:
    fields = {"Mode": "AliasPatternMatch", "Pattern Type": "Regex", "Pattern Behavior": "Leave", "Target Name": "X"}
    text = _dump("Zones Policy SearchRules Rule", 1, {**fields, "Pattern String": r"(a)\1"})
    text += _dump("Zones Policy SearchRules Rule", 2, {**fields, "Pattern String": ""})
    text += _dump(
        "Zones Policy SearchRules Rule", 3, {**fields, "Pattern String": "%localdomain9%", "State": "Disabled"}
    )
    plan = _import(text)
    assert plan.entries == []
    assert [entry.name for entry, _ in plan.refused] == ["rule 1", "rule 2", "rule 3"]
    assert "back-reference" in plan.refused[0][1]
    assert plan.refused[1][1] == "an empty pattern of this type matches no alias"
    assert "%localdomain9% has no value here" in plan.refused[2][1]


def test_names_are_made_unique() -> None:
    text = "".join(_dump("Zones Policy SearchRules Rule", n, {"Name": name, "Target Name": "X"}) for n, name in
                   enumerate(["a", "A", "b" * 50, "B" * 50], start=1))  # fmt: skip
    plan = _import(text)
    assert [entry.name for entry in plan.entries] == ["a", "A (rule 2)", "b" * 50, "B" * 41 + " (rule 4)"]
    assert [remark.line for remark in plan.remarks] == [3, 7]


def test_transforms_of_one_priority_get_their_own() -> None:
    text = "".join(_dump("Transform", n, {"Priority": "7", "Pattern String": "a"}) for n in (1, 2))
    plan = _import(text)
    assert [entry.priority for entry in plan.entries] == [7, 8]
    assert plan.remarks[0].text == "Transform 2 Priority: is that of another transform; 8 is taken instead"


@pytest.mark.parametrize(("kind", "pattern"), [("Exact", "x"), ("Regex", "x.*")])
def test_strip_of_a_whole_alias_is_remarked_on(kind: str, pattern: str) -> None:
    fields = {"Pattern Type": kind, "Pattern String": pattern, "Mode": "AliasPatternMatch", "Target Name": "X"}
    plan = _import(_dump("Zones Policy SearchRules Rule", 1, fields))
    (entry,) = plan.entries
    assert (entry.behavior, entry.replace) == (Behavior.REPLACE, "")
    assert "nothing of the alias is left" in plan.remarks[0].text


def test_what_is_not_understood_is_told_and_its_rule_is_disabled() -> None:
    fields = {
        "Priority": "0",
        "Protocol": "IAX",
        "Target SIPVariant": "Standard",
        "Source Mode": "Named",
        "Target Name": "X",
    }
    plan = _import(_dump("Zones Policy SearchRules Rule", 1, fields))
    assert plan.entries == [SearchRule(name="rule 1", target="X", enabled=False)]
    assert [remark.line for remark in plan.remarks] == [4, 1, 2, 3]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Priority", "70000"),
        ("Protocol", "IAX"),
        ("SIPTrafficType", "Quantum"),
        ("Source Mode", "Neighbours"),
        ("Source Mode", "Named"),
        ("Authentication", "Perhaps"),
        ("Mode", "AliasPattern"),
        ("Pattern Type", "Glob"),
        ("Pattern Behavior", "Cut"),
        ("Progress", "Halt"),
        ("Target Type", "Cluster"),
        ("State", "Paused"),
    ],
)
def test_no_value_that_is_not_understood_makes_a_rule_wider(field: str, value: str) -> None:
    fields = {"Target Name": "X", "Mode": "AliasPatternMatch", "Pattern String": "a", field: value}
    plan = _import(_dump("Zones Policy SearchRules Rule", 1, fields))
    assert [entry.enabled for entry in (*plan.entries, *(entry for entry, _ in plan.refused))] == [False]
    assert any("it is disabled here" in remark.text for remark in plan.remarks)


def test_a_rule_with_a_setting_that_is_cut_off_is_disabled() -> None:
    rules = "".join(
        _dump("Zones Policy SearchRules Rule", number, {"Target Name": "X", "Mode": "AnyAlias"}) for number in (1, 2)
    )
    plan = _import(rules + '*c xConfiguration Zones Policy SearchRules Rule 2 Pattern String: "ali')
    assert [entry.enabled for entry in plan.entries] == [True, False]
    assert [remark.text for remark in plan.remarks] == [
        "Zones Policy SearchRules Rule 2: a setting is cut off; it is disabled here until you have seen to that"
    ]


def test_another_system_name_is_written_out() -> None:
    fields = {"Mode": "AliasPatternMatch", "Pattern Behavior": "Leave", "Target Name": "X"}
    regex = {**fields, "Pattern Type": "Regex", "Pattern String": "%SystemName%.*"}
    text = _dump("Zones Policy SearchRules Rule", 1, regex)
    text += _dump("Zones Policy SearchRules Rule", 2, {**fields, "Pattern String": "%systemname%"})
    plan = _import(text, system_name="Main HQ.")
    assert [entry.pattern for entry in plan.entries] == [r"Main\ HQ\..*", "Main HQ."]
    assert len(plan.remarks) == 2


def test_policy_services_are_told_apart() -> None:
    asked = []

    def named(name: str, kind: ZoneUse, line: int) -> str:
        asked.append((name, kind, line))
        return "Z"

    fields = {"Target Name": "P", "Target Type": "PolicyService", "Source Mode": "Named", "Source Name": "S"}
    import_plan(read_dump(_dump("Zones Policy SearchRules Rule", 1, fields)), named, VARIABLES, "expc")
    assert asked == [("S", ZoneUse.SOURCE, 4), ("P", ZoneUse.POLICY_SERVICE, 1)]


def test_a_transform_that_changes_nothing_still_keeps_others_away() -> None:
    left = _transform(Pattern_Type="Suffix", Pattern_String=".x", Pattern_Behavior="Leave")
    assert (left.pattern_type, left.pattern, left.replace) == (PatternType.REGEX, r"(.*\.x)", r"\1")
    plan = CompiledPlan(Dialplan((left,)))
    assert plan.search(Query("A.X", "Z")).searched == "A.X"
    assert plan.search(Query("A.X", "Z")).transform == "transform 2"
