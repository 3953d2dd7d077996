from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.plan_texts import RULES
from support.plans import plans

from dialplan.language.fields import FIELD_NAMES
from dialplan.language.format import write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.language.values import Mistake, entry_of, every_field, field_at, values_of, words_for
from dialplan.model import Behavior, BlockKind, Dialplan, PatternType, SearchRule, SourceMode, Transform
from dialplan.problem import DialplanError

KIND = BlockKind.SEARCH_RULE


@examples(100)
@given(RULES | plans().map(lambda plan: plan.entries[0]))
def test_what_a_form_shows_is_the_entry_again(entry: SearchRule | Transform) -> None:
    values = values_of(entry)
    assert set(values) == {"name", *FIELD_NAMES[entry.kind]}
    again, mistakes = entry_of(entry.kind, values)
    assert not mistakes and write_entry(again) == write_entry(entry)


def test_a_named_source_is_its_zone() -> None:
    rule = SearchRule(name="r", source=SourceMode.NAMED, source_name='a "b"', target="Z")
    assert values_of(rule)["source"] == 'zone "a ""b"""' and values_of(rule)["target"] == "Z"
    assert entry_of(KIND, values_of(rule)) == (rule, [])


def test_a_value_that_is_none_is_told_at_its_field_and_has_its_default() -> None:
    values = {"name": "a\nb", "priority": "x", "source": 'zone "', "state": "DISABLED", "target": "Z", "odd": "1"}
    entry, mistakes = entry_of(KIND, values)
    assert entry == SearchRule(name="", target="Z", enabled=False)
    assert [each.field for each in mistakes] == ["name", "priority", "source"]
    assert mistakes[0] == Mistake("name", "character 2 is a control character", "leave it out")


HOSTILE = st.text() | st.sampled_from(
    ['"', '""', 'a" } search rule "b', "a\nb", "a\r", "\u202eb", "x" * 4096, "\\", "#", "}"]
)


@examples(200)
@given(st.dictionaries(st.sampled_from(["name", *FIELD_NAMES[KIND]]), HOSTILE), st.sampled_from(BlockKind))
def test_hostile_values_are_written_so_that_they_read_back_or_refused_at_a_field(
    values: dict[str, str], kind: BlockKind
) -> None:
    entry, mistakes = entry_of(kind, {"name": "n", "target": "Z", **values})
    if mistakes:
        assert all(each.field in values and each.message and each.hint for each in mistakes)
        return
    wanted = Dialplan(*(((), (entry,)) if isinstance(entry, SearchRule) else ((entry,), ())))
    try:
        plan = parse_dialplan(every_field(entry), "f")
    except DialplanError as error:
        places = [problem.location for problem in error.problems]
        assert all(field_at(kind, place) or place.column == 1 for place in places)
        return
    assert plan == wanted == parse_dialplan(write_entry(entry), "f")


def test_what_is_told_about_an_entry_has_its_field() -> None:
    wrong = Transform(name="t" * 51, pattern_type=PatternType.REGEX, pattern="(", behavior=Behavior.ADD_PREFIX)
    with pytest.raises(DialplanError) as caught:
        parse_dialplan(every_field(wrong), "f")
    told = [field_at(wrong.kind, problem.location) for problem in caught.value.problems]
    assert told == ["", "name", "pattern"]
    assert words_for(KIND, "state") == ["enabled", "disabled"] and words_for(KIND, "pattern") == []
