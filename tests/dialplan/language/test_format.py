from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.paths import ROOT
from support.plan_texts import RULES, comments_in, plan_texts

from dialplan.language.fields import FIELD_NAMES
from dialplan.language.format import format_dialplan, word_of, write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.model import (
    Behavior,
    BlockKind,
    Dialplan,
    SearchRule,
    SourceMode,
    Transform,
)
from dialplan.problem import DialplanError

LAB = ROOT / "sipedge/lab/data"

MESSY = r"""

# head


# para
transform # c1
 "old domain" # c2
 {  # open
   PATTERN   TYPE  regex # why
   # above
   pattern "(.*)@old\.example"

   priority      0010
   behaviour replace
   # before replace
   replace "\1@new""x"
   # last
} # close
# next
search rule "a" { target   zone "X" }
search rule "b" { source zone "Y"
traffic type MS IM&P
target zone "X"
on  successful match STOP
pattern "x"
mode alias pattern match }

# end
"""

NEAT = r"""# head

# para
# c1
# c2
transform "old domain" {  # open
    priority 10
    pattern type regex  # why
    # above
    pattern "(.*)@old\.example"
    behavior replace
    # before replace
    replace "\1@new""x"
    # last
}  # close

# next
search rule "a" {
    target zone "X"
}

search rule "b" {
    traffic type microsoft im and presence
    source zone "Y"
    mode alias pattern match
    pattern "x"
    on successful match stop
    target zone "X"
}

# end
"""


def test_one_layout_for_every_way_to_write_it() -> None:
    assert format_dialplan(MESSY, "f") == NEAT
    assert format_dialplan(NEAT, "f") == NEAT
    assert format_dialplan(MESSY.replace("\n", "\r\n"), "f") == NEAT
    assert parse_dialplan(NEAT, "f") == parse_dialplan(MESSY, "f")


@pytest.mark.parametrize("file", ["inside.dialplan", "outside.dialplan"])
def test_the_plans_of_the_lab_are_laid_out(file: str) -> None:
    text = (LAB / file).read_text()
    assert format_dialplan(text, file) == text


@pytest.mark.parametrize(
    ("text", "result"), [("", ""), ("\n\n", ""), ("# only", "# only\n"), ("#a\n\n\n#b\n", "#a\n\n#b\n")]
)
def test_files_without_blocks(text: str, result: str) -> None:
    assert format_dialplan(text, "f") == result


def test_a_mistake_is_told_and_nothing_laid_out() -> None:
    with pytest.raises(DialplanError, match="f:1:18: "):
        format_dialplan('search rule "a" {', "f")


@examples(150)
@given(plan_texts())
def test_formatting_twice_is_formatting_once_and_the_plan_stays(text: str) -> None:
    once = format_dialplan(text, "f")
    assert format_dialplan(once, "f") == once
    assert parse_dialplan(once, "f") == parse_dialplan(text, "f")
    assert sorted(comments_in(once)) == sorted(comments_in(text))


@examples(100)
@given(RULES)
def test_a_written_rule_reads_as_it_was(rule: SearchRule) -> None:
    text = write_entry(rule)
    assert parse_dialplan(text, "f") == Dialplan((), (rule,))
    assert format_dialplan(text, "f") == text


def test_a_written_transform_says_what_it_matches() -> None:
    transform = Transform(name="t", pattern="00", behavior=Behavior.ADD_PREFIX, replace="+")
    assert write_entry(transform) == (
        'transform "t" {\n    priority 1\n    pattern type prefix\n    pattern "00"\n'
        '    behavior add prefix\n    replace "+"\n}\n'
    )
    assert parse_dialplan(write_entry(transform), "f").transforms == (transform,)


def test_a_named_source() -> None:
    rule = SearchRule(name="r", source=SourceMode.NAMED, source_name='a "b"', target="Z")
    assert 'source zone "a ""b"""' in write_entry(rule)
    assert parse_dialplan(write_entry(rule), "f").rules == (rule,)


def test_words() -> None:
    assert word_of(BlockKind.SEARCH_RULE, "state", False) == "disabled"
    assert word_of(BlockKind.SEARCH_RULE, "priority", 7) == "7"
    assert set(FIELD_NAMES[BlockKind.TRANSFORM]) <= set(FIELD_NAMES[BlockKind.SEARCH_RULE])
