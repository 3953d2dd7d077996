from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import ROOT

from dialplan.language.fields import FIELD_NAMES
from dialplan.language.format import format_dialplan, word_of, write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.language.spelling import quoted
from dialplan.model import (
    Behavior,
    BlockKind,
    Dialplan,
    Mode,
    OnMatch,
    PatternType,
    Protocol,
    SearchRule,
    SourceMode,
    TrafficType,
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


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")) | st.just(" "), max_size=20)
COMMENT = st.sampled_from(
    ["", "", " ", "\n", "\n\n", "# note\n", " # a # b\n", "\n# own line\n", "#\n", "\n\n# x\n\n# y\n"]
)
SPACE = st.sampled_from([" ", "  ", "\t"])
WORDS = {
    "priority": ["1", "007", "65534"],
    "protocol": ["SIP", "any", "h.323"],
    "traffic type": ["any", "MS IM&P", "Microsoft  SIP", "standards-based"],
    "source": ["any", "all zones", 'zone "Y"'],
    "authenticated": ["yes", "NO"],
    "on successful match": ["stop", "Continue"],
    "state": ["enabled", "disabled"],
}


@st.composite
def plans(draw: st.DrawFn) -> str:
    """A plan with comments and blanks in all places where they may be."""
    text = draw(COMMENT)
    for number in range(draw(st.integers(0, 3))):
        name = quoted(draw(TEXT).strip()[:40] + f" {number}")
        text += f"{draw(st.sampled_from(['search rule', 'SEARCH  Rule']))}{draw(COMMENT)}{name}{draw(COMMENT)}{{"
        fields = [f"target{draw(SPACE)}zone {quoted('Z' + draw(TEXT))}", f"description {quoted(draw(TEXT))}"]
        chosen = draw(st.lists(st.sampled_from(sorted(WORDS)), unique=True))
        fields += [f"{one}{draw(SPACE)}{draw(st.sampled_from(WORDS[one]))}" for one in chosen]
        for field in draw(st.permutations(fields)):
            text += draw(COMMENT) + "\n" + field + draw(st.sampled_from(["\n", " # behind\n", "#\n"]))
        text += draw(COMMENT) + "}" + draw(COMMENT)
    return text


@examples(150)
@given(plans())
def test_formatting_twice_is_formatting_once_and_the_plan_stays(text: str) -> None:
    once = format_dialplan(text, "f")
    assert format_dialplan(once, "f") == once
    assert parse_dialplan(once, "f") == parse_dialplan(text, "f")
    assert sorted(_comments(once)) == sorted(_comments(text))


def _comments(text: str) -> list[str]:
    """Outside of quotes, which these plans close on their line."""
    found = []
    for line in text.split("\n"):
        parts = line.split('"')
        outside = next((i for i in range(0, len(parts), 2) if "#" in parts[i]), None)
        if outside is not None:
            rest = '"'.join([parts[outside][parts[outside].index("#") :], *parts[outside + 1 :]])
            found.append(rest.strip())
    return found


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=20)
RULES = st.builds(
    SearchRule,
    name=NAMES,
    description=TEXT,
    priority=st.integers(1, 65534),
    protocol=st.sampled_from(Protocol),
    traffic_type=st.sampled_from(TrafficType),
    source=st.sampled_from([SourceMode.ANY, SourceMode.ALL_ZONES, SourceMode.LOCAL_ZONE]),
    authenticated=st.booleans(),
    mode=st.sampled_from(Mode),
    pattern_type=st.sampled_from([PatternType.PREFIX, PatternType.SUFFIX]),
    pattern=st.just('a"b'),
    behavior=st.sampled_from([Behavior.STRIP, Behavior.LEAVE, Behavior.REPLACE]),
    replace=st.sampled_from(["", "x"]),
    on_match=st.sampled_from(OnMatch),
    target=NAMES,
    enabled=st.booleans(),
)


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
