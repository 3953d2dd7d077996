"""Rules as the API takes them: what is written is read back as the same rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from support.examples import examples
from support.plans import plans, usable

from dialplan.importers.expressway import ImportedPlan, ZoneUse, import_plan
from dialplan.language.format import write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.model import (
    DEFAULT_ZONE,
    LOCAL_ZONE,
    Behavior,
    Dialplan,
    Mode,
    PatternType,
    SearchRule,
    SourceMode,
    TrafficType,
    Variables,
)
from sipedge.expressway.answers import dump_of
from sipedge.expressway.bodies import Spelling, Unwritable, body_of, spelling_of
from sipedge.expressway.fields import PATH, RULE_FIELDS
from sipedge.expressway.raml import enumerations
from sipedge.expressway.requests import comparable
from sipedge.lab.parties.expressway_box import VALUES, raml

SPELLING = spelling_of(PATH, enumerations(raml()), [])
OWN = {"LocalZone": LOCAL_ZONE, "DefaultZone": DEFAULT_ZONE}


def read_back(*bodies: dict[str, Any]) -> ImportedPlan:
    def zone(name: str, use: ZoneUse, line: int) -> str:
        return OWN.get(name, name)

    return import_plan(dump_of({PATH: bodies}, ""), zone, Variables(), "")


@given(plans())
@examples(60)
def test_what_is_written_is_read_back_as_the_same_rule(plan: Dialplan) -> None:
    for drawn in plan.rules:
        if usable(Dialplan((), (drawn,))):
            (rule,) = comparable(parse_dialplan(write_entry(drawn), "plan")).rules
            assert read_back(body_of(rule, SPELLING)).entries == [rule]


@pytest.mark.parametrize("kind", TrafficType)
@pytest.mark.parametrize("source", SourceMode)
def test_every_value_of_a_vocabulary_comes_back(kind: TrafficType, source: SourceMode) -> None:
    name = "Default Zone" if source is SourceMode.NAMED else ""
    rule = SearchRule(name="r", target=LOCAL_ZONE, traffic_type=kind, source=source, source_name=name)
    assert read_back(body_of(rule, SPELLING)).entries == [rule]


def test_a_backslash_in_a_plain_replace_is_one_on_the_box() -> None:
    rule = SearchRule(
        name="r",
        target="A",
        mode=Mode.ALIAS_PATTERN_MATCH,
        pattern_type=PatternType.SUFFIX,
        pattern="x",
        behavior=Behavior.REPLACE,
        replace="a\\\\b",
    )
    body = body_of(rule, SPELLING)
    assert body["ReplaceString"] == "a\\b"
    assert read_back(body).entries == [rule]


def test_unchanged_fields_keep_what_the_box_has() -> None:
    """The import writes a rule in another form where this language has no equal: that form is not pushed."""
    record = {"Name": "r", "Mode": "AliasPatternMatch", "PatternType": "Prefix", "PatternString": "", "TargetName": "A"}
    (before,) = read_back(record).entries
    assert isinstance(before, SearchRule) and before.pattern == ".*"
    body = body_of(replace(before, priority=7), SPELLING, before, record)
    assert (body["Priority"], body["PatternType"], body["PatternString"]) == (7, "Prefix", "")
    body = body_of(replace(before, pattern="b"), SPELLING, before, record)
    assert (body["PatternType"], body["PatternString"]) == ("Regex", "b")


def test_a_word_that_the_box_was_never_seen_to_use_is_not_guessed() -> None:
    seen = spelling_of(PATH, {}, [{"SIPVariant": "Any", "State": "Enabled"}])
    rule = SearchRule(name="r", target="A", traffic_type=TrafficType.MICROSOFT_IMP)
    with pytest.raises(Unwritable, match='how this box spells Protocol for "any" is not known .known: none.'):
        body_of(rule, seen)


def test_the_spelling_of_the_boxes_own_rules_is_taken() -> None:
    values = {key: tuple(each) for key, each in VALUES.items() if key != "SIPVariant"}
    spelling = spelling_of(
        PATH, {f"provisioning/{PATH}": values}, [{"SIPVariant": "MS_IM-and-P"}, {"SIPVariant": "MS IM&P"}]
    )
    rule = SearchRule(name="r", target="A", traffic_type=TrafficType.MICROSOFT_IMP)
    assert body_of(rule, spelling)["SIPVariant"] == "MS IM&P"


def test_what_the_box_has_no_room_for_is_told() -> None:
    rule = SearchRule(name="r", target="A", mode=Mode.ALIAS_PATTERN_MATCH, pattern="x" * 61)
    with pytest.raises(Unwritable, match="PatternString has more than 60 characters"):
        body_of(rule, SPELLING)


def test_every_attribute_of_a_rule_is_in_the_table() -> None:
    table = {field.attribute for field in RULE_FIELDS}
    assert table == set(SearchRule.__dataclass_fields__) - {"kind", "uses_pattern", "location", "places"}
    assert isinstance(SPELLING, Spelling)
