"""A block changed in its text: the plan is what was wanted, and all else stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.examples import examples
from support.plan_texts import RULES, comments_in, plan_texts
from support.plans import plans, usable

from dialplan.language.edits import with_added, with_changed, without
from dialplan.language.format import write_entry
from dialplan.language.parser import lexemes, parse_dialplan
from dialplan.model import Behavior, Dialplan, Entry, Mode, PatternType, SearchRule, SourceMode

PLAN = """# for the whole file
search rule "a" {  # open
  priority 10 # the first
  target zone "X"
}

# about b
search rule "b" {
    description "b"
    traffic type MS IM&P
    target zone "Y"  # there
    # the end
}
"""


FIELDS = ["name", "description", "priority", "target", "enabled", "on_match", "mode"]


def _parsed(text: str) -> Dialplan:
    return parse_dialplan(text, "f")


def _blocks(text: str) -> list[tuple[int, int]]:
    """Where each begins and ends, by its braces."""
    starts, ends = [], []
    for lexeme in lexemes(text):
        if lexeme.kind == "KIND":
            starts.append(lexeme.start)
        elif lexeme.kind == "RBRACE":
            ends.append(lexeme.start + 1)
    return list(zip(starts, ends, strict=True))


def _with(plan: Dialplan, place: int, entry: Entry) -> Dialplan:
    rules = list(plan.rules)
    assert isinstance(entry, SearchRule)
    rules[place] = entry
    return Dialplan(plan.transforms, tuple(rules))


@examples(300)
@given(plan_texts(), st.data())
def test_a_changed_rule_is_the_only_thing_that_changes(text: str, data: st.DataObject) -> None:
    plan = _parsed(text)
    if not plan.rules:
        return
    place = data.draw(st.integers(0, len(plan.rules) - 1))
    old = plan.rules[place]
    wanted = data.draw(RULES)
    some = data.draw(
        st.sets(st.sampled_from(["name", "description", "priority", "target", "enabled", "on_match", "mode"]))
    )
    new = replace(old, **{name: getattr(wanted, name) for name in some - {"mode"}})
    if "mode" in some:
        pattern = {name: getattr(wanted, name) for name in ("mode", "pattern_type", "pattern", "behavior", "replace")}
        new = replace(new, source=wanted.source, source_name="", traffic_type=wanted.traffic_type, **pattern)
    changed = with_changed(text, [(old, new)])
    start, end = _blocks(text)[place]
    assert changed.startswith(text[:start]) and changed.endswith(text[end:])
    assert _parsed(changed) == _with(plan, place, new)
    assert sorted(comments_in(changed)) == sorted(comments_in(text))
    assert with_changed(changed, [(_parsed(changed).rules[place], new)]) == changed


@examples(150)
@given(plans(), st.data())
def test_entries_that_were_written_are_changed_to_what_would_be_written(plan: Dialplan, data: st.DataObject) -> None:
    assume(usable(plan))
    text = "\n".join(map(write_entry, plan.entries))
    old = data.draw(st.sampled_from(_parsed(text).entries))
    new = replace(old, enabled=False, description='say "hi"', priority=old.priority + 10)
    assert with_changed(text, [(old, new)]) == text.replace(write_entry(old), write_entry(new))
    assert with_changed(text.replace("\n", "\r\n"), [(old, new)]) == with_changed(text, [(old, new)]).replace(
        "\n", "\r\n"
    )
    assert _parsed(without(text, old)) == _only(_parsed(text), lambda entry: entry != old)


def _only(plan: Dialplan, wanted: Callable[[Entry], bool]) -> Dialplan:
    return Dialplan(tuple(filter(wanted, plan.transforms)), tuple(filter(wanted, plan.rules)))


@examples(200)
@given(plan_texts(), st.data())
def test_a_rule_taken_out_takes_nothing_with_it_but_its_own_comments(text: str, data: st.DataObject) -> None:
    plan = _parsed(text)
    if not plan.rules:
        return
    place = data.draw(st.integers(0, len(plan.rules) - 1))
    left = without(text, plan.rules[place])
    assert _parsed(left).rules == plan.rules[:place] + plan.rules[place + 1 :]
    blocks = _blocks(text)
    others = [text[start:end] for number, (start, end) in enumerate(blocks) if number != place]
    assert [left[start:end] for start, end in _blocks(left)] == others
    if place == 0:
        assert left.startswith(text[: text.rfind("\n", 0, blocks[0][0]) + 1].rstrip())


@examples(200)
@given(plan_texts(), RULES)
def test_an_added_rule_leaves_the_text_around_it(text: str, rule: SearchRule) -> None:
    rule = replace(rule, name="quite another")
    plan = _parsed(text)
    longer = with_added(text, plan, rule)
    assert sorted(_parsed(longer).rules, key=str) == sorted((*plan.rules, rule), key=str)
    start = longer.index(write_entry(rule))
    around = longer[:start].rstrip(), longer[start + len(write_entry(rule)) :].strip()
    assert text.startswith(around[0]) and text.rstrip().endswith(around[1])
    assert len("".join(around)) >= len(text.strip()) - len("\n\n")
    added = next(each for each in _parsed(longer).rules if each.name == rule.name)
    assert "".join(without(longer, added).split()) == "".join(text.split())


def test_lines_of_a_changed_rule_keep_their_words_and_comments() -> None:
    a, b = _parsed(PLAN).rules
    new_a = replace(a, priority=20, authenticated=True)
    new_b = replace(b, name="c", description="", source=SourceMode.NAMED, source_name='"Z"', target="W")
    changed = PLAN.replace("priority 10 #", "priority 20 #").replace("first\n", "first\n  authenticated yes\n", 1)
    changed = changed.replace('    description "b"\n', "").replace('rule "b"', 'rule "c"')
    changed = changed.replace("IM&P\n", 'IM&P\n    source zone """Z"""\n').replace('"Y"', '"W"')
    assert with_changed(PLAN, [(a, new_a), (b, new_b)]) == changed


def test_a_new_pattern_comes_with_all_that_says_what_it_means() -> None:
    (rule,) = _parsed('search rule "a" {\n    target zone "X"\n}\n').rules
    new = replace(
        rule, mode=Mode.ALIAS_PATTERN_MATCH, pattern="x", pattern_type=PatternType.REGEX, behavior=Behavior.LEAVE
    )
    text = with_changed('search rule "a" {\n    target zone "X"\n}\n', [(rule, new)])
    assert text == write_entry(new).replace("    priority 100\n", "")


@pytest.mark.parametrize("before", ["", 'search rule "x" { target zone "X" } ', "\n\n# c\n"])
def test_blocks_on_one_line_are_opened(before: str) -> None:
    text = before + 'search rule "a" { source zone "Y" target zone "X" } search rule "b" { target zone "X" }'
    rule = next(each for each in _parsed(text).rules if each.name == "a")
    new = replace(rule, source=SourceMode.ANY, source_name="", enabled=False, priority=7)
    assert new in _parsed(with_changed(text, [(rule, new)])).rules
    new = replace(rule, source=SourceMode.ALL_ZONES, source_name="")
    assert new in _parsed(with_changed(text, [(rule, new)])).rules
    assert rule not in _parsed(without(text, rule)).rules


def test_the_comments_above_the_first_rule_are_of_the_file_and_stay() -> None:
    a, b = _parsed(PLAN).rules
    assert without(PLAN, a) == "# for the whole file\n\n" + PLAN[PLAN.index("# about b") :]
    assert without(PLAN, b) == PLAN[: PLAN.index("\n# about b")]


def test_a_new_rule_stands_behind_those_that_come_before_it() -> None:
    plan = _parsed(PLAN)
    new = SearchRule(name="n", priority=50, target="Z")
    assert with_added(PLAN, plan, new) == PLAN.replace("}\n\n# about", "}\n\n" + write_entry(new) + "\n# about")
    assert with_added(PLAN, plan, replace(new, priority=1)) == PLAN + "\n" + write_entry(replace(new, priority=1))
    assert with_added("", Dialplan(), new) == write_entry(new)
