from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.language.parser import MAX_FILE_SIZE, MAX_PROBLEMS, parse_dialplan
from dialplan.model import (
    Behavior,
    Dialplan,
    Location,
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

WHOLE = r"""
# comment
transform "old domain" {
    priority      10
    pattern type  regex
    pattern       "(.*)@old\.example"
    behavior      replace
    replace       "\1@new.example"
}
search rule "IM&P to Lync" {          # another
    priority             20
    protocol             SIP
    traffic type         Microsoft IM and Presence
    source               zone "IM&P neighbor"
    authenticated        no
    mode                 alias pattern match
    pattern type         regex
    pattern              ".*@msexample\.com"
    behavior             leave
    on successful match  stop
    target               zone "Traversal client"
    state                enabled
}
"""


def test_all_fields() -> None:
    assert parse_dialplan(WHOLE, "f") == Dialplan(
        (
            Transform(
                name="old domain",
                priority=10,
                pattern_type=PatternType.REGEX,
                pattern=r"(.*)@old\.example",
                behavior=Behavior.REPLACE,
                replace=r"\1@new.example",
            ),
        ),
        (
            SearchRule(
                name="IM&P to Lync",
                priority=20,
                protocol=Protocol.SIP,
                traffic_type=TrafficType.MICROSOFT_IMP,
                source=SourceMode.NAMED,
                source_name="IM&P neighbor",
                mode=Mode.ALIAS_PATTERN_MATCH,
                pattern_type=PatternType.REGEX,
                pattern=r".*@msexample\.com",
                behavior=Behavior.LEAVE,
                on_match=OnMatch.STOP,
                target="Traversal client",
            ),
        ),
    )


def test_places() -> None:
    plan = parse_dialplan(WHOLE, "f")
    rule = plan.rules[0]
    assert rule.location == Location("f", 10, 1)
    assert rule.places["pattern"] == Location("f", 18, 26)
    assert rule.places["target"] == Location("f", 21, 31)
    assert plan.sources == {"f": WHOLE}
    assert set(plan.syntax) == {r"(.*)@old\.example", r".*@msexample\.com"}


def test_defaults_are_expressways() -> None:
    assert parse_dialplan('search rule "x" { target zone "t" }', "f").rules == (SearchRule(name="x", target="t"),)
    assert parse_dialplan('transform "x" { pattern "9" }', "f").transforms == (Transform(name="x", pattern="9"),)
    rule = SearchRule(name="x")
    assert (rule.priority, rule.mode, rule.on_match, rule.behavior) == (
        100,
        Mode.ANY_ALIAS,
        OnMatch.CONTINUE,
        Behavior.STRIP,
    )


def test_case_spacing_order_and_line_ends_do_not_matter() -> None:
    text = (
        'SEARCH  Rule "x" {\r\n Target\tZONE "t" ON  successful Match Stop\r\n STATE disabled\r\n BEHAVIOUR leave }\r\n'
    )
    (rule,) = parse_dialplan(text, "f").rules
    assert (rule.target, rule.on_match, rule.enabled, rule.behavior) == ("t", OnMatch.STOP, False, Behavior.LEAVE)


def test_strings_are_raw() -> None:
    text = r"""transform "a ""quoted"" name" { pattern "9\" description "# { } \n" }"""
    (transform,) = parse_dialplan(text, "f").transforms
    assert (transform.name, transform.pattern, transform.description) == ('a "quoted" name', "9\\", r"# { } \n")


def test_an_empty_file_is_an_empty_plan() -> None:
    assert parse_dialplan("", "f") == parse_dialplan("# nothing\n", "f") == Dialplan()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("any", TrafficType.ANY),
        ("All Sip Variants", TrafficType.ANY),
        ("standards-based", TrafficType.STANDARD),
        ("Any Microsoft", TrafficType.ANY_MICROSOFT),
        ("Microsoft AV", TrafficType.MICROSOFT_SIP),
        ("Microsoft Share", TrafficType.MICROSOFT_SIP),
        ("MS IM&P", TrafficType.MICROSOFT_IMP),
        ("Microsoft SIP IM&P", TrafficType.MICROSOFT_IMP),
        ("microsoft  SIP-SIMPLE", TrafficType.MICROSOFT_IMP),
    ],
)
def test_traffic_type_synonyms(words: str, expected: TrafficType) -> None:
    text = f'search rule "x" {{ target zone "t"\n traffic type {words}\n}}'
    assert parse_dialplan(text, "f").rules[0].traffic_type is expected


def problems(text: str) -> list[str]:
    with pytest.raises(DialplanError) as caught:
        parse_dialplan(text, "f")
    return [f"{one.location.line}:{one.location.column} {one.message}" for one in caught.value.problems]


def rule(*fields: str) -> str:
    return 'search rule "r" {\ntarget zone "t"\n' + "\n".join(fields) + "\n}"


MATCH, REGEX, REPLACE = "mode alias pattern match", "pattern type regex", "behavior replace"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule("priority ten"), '3:10 priority: "ten" is not a priority'),
        (rule("priority 65535"), '3:10 priority: "65535" is not a priority'),
        (rule("priority 0"), '3:10 priority: "0" is not a priority'),
        (rule("prioritty 1"), "3:1 unknown field 'prioritty 1'"),
        (rule("mode any aliass"), '3:6 mode: "any aliass" is not among the values'),
        (rule("mode"), "3:5 mode has no value"),
        (rule('mode "any alias"'), "3:6 mode takes no text in quotes here"),
        (rule("pattern abc"), "3:9 pattern takes text in quotes"),
        (rule('pattern "abc'), "3:9 a string without end"),
        (rule("source zone x"), '3:8 source: "zone x" is not among the values'),
        (rule('source "x"'), "3:8 source takes no text in quotes here"),
        (rule("state enabled", "state disabled"), "4:1 state a second time"),
        (rule('source any\nsource zone "x"'), "4:1 source a second time"),
        (rule('source zone ""'), "3:13 an empty source zone"),
        (rule('"x"'), "3:1 text without a field"),
        (rule(f'description "{"x" * 65}"'), "3:78 a description of 65 characters"),
        (rule('description "a\tb"'), "3:15 a control character in description"),
        (rule('pattern "x"'), "3:9 a pattern that is not used"),
        (rule(MATCH), "1:1 a search rule without a pattern"),
        (rule(MATCH, 'pattern ""'), "4:9 a search rule without a pattern"),
        (rule(MATCH, REGEX, 'pattern "a"'), "4:14 behavior strip (the default) with pattern type regex"),
        (rule(MATCH, 'pattern "a""b%foo%"'), "4:14 unknown variable %foo%"),
        (rule(MATCH, REGEX, "behavior leave", 'pattern "a""(b"'), "6:15 a ( without )"),
        (rule(MATCH, REGEX, REPLACE, 'pattern "(a)"', r'replace "\2"'), r"7:10 \2, but the pattern has 1 group"),
        (rule(MATCH, REPLACE, 'pattern "a"', r'replace "\1"'), "6:10 a backslash in a plain replace string"),
        ('search rule "r" { }', "1:1 a search rule without a target"),
        ('search rule "" { target zone "t" }', "1:13 an empty name"),
        (f'search rule "{"x" * 51}" {{ target zone "t" }}', "1:64 a name of 51 characters"),
        ('search rule { target zone "t" }', "1:13 a block without its name in quotes"),
        ('search rule "x"\ntarget zone "t"\n}', "2:1 a block without {"),
        ('search rule "x" { target zone "t"', "1:34 the file ends inside a block"),
        ('search rule "x" { target zone "t"\nsearch rule "y" { target zone "t" }', "2:1 'search rule' inside a block"),
        ('serch rule "x" { target zone "t" }', "1:1 'serch' begins no block"),
        ("}", "1:1 '}' outside any block"),
        ('transform "x" { pattern "9"\nsource any\n}', "2:1 a transform has no source"),
        ('transform "x" { pattern "9"\nbehavior leave\n}', '2:10 behavior: "leave" is not among the values'),
        ('transform "x" { pattern "9"\nbehavior add prefix\n}', "1:1 add prefix without a replace string"),
        ('transform "x" { }', "1:1 a transform without a pattern"),
        ('transform "x" { pattern "9" }\ntransform "X" { pattern "9"\npriority 2\n}', '2:1 a second transform "X"'),
        ('transform "x" { pattern "9" }\ntransform "y" { pattern "9" }', "2:1 a second transform of priority 1"),
        (rule() + rule().replace('"r"', '"R"'), '4:2 a second search rule "R"'),
    ],
)  # fmt: skip
def test_one_mistake_one_problem(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_all_mistakes_in_one_pass_in_order() -> None:
    text = """transform "a" {
        prioritty 1
        pattern "("
        pattern type regex
    }
    }
    search rule "b" {
        mode none
    rule "c" {
        anything
        priority x
    }
    priority 1
    state x
    }
    search rule "d" { }
    """
    assert problems(text) == [
        "2:9 unknown field 'prioritty 1'",
        "3:19 a ( without )",
        "6:5 '}' outside any block",
        '8:14 mode: "none" is not among the values',
        "9:5 unknown field 'rule'",
        "10:9 unknown field 'anything'",
        '11:18 priority: "x" is not a priority',
        "13:5 'priority 1' outside any block",
    ]


def test_fields_of_a_misspelled_block_are_not_told_too() -> None:
    assert problems('serch rule "c" {\n priority 1\n state enabled\n}\n') == ["1:1 'serch' begins no block"]


def test_shown_with_line_caret_and_hint() -> None:
    with pytest.raises(DialplanError) as caught:
        parse_dialplan(rule("mode any aliass"), "x.dialplan")
    assert str(caught.value) == (
        'x.dialplan:3:6: mode: "any aliass" is not among the values\n'
        "    mode any aliass\n"
        "         ^\n"
        '    did you mean "any alias"?'
    )


def test_the_number_of_problems_is_bounded() -> None:
    assert len(problems(rule(*["nonsense 1"] * 1000))) == MAX_PROBLEMS


def test_a_file_over_the_limit_is_not_read() -> None:
    assert len(problems(" " * (MAX_FILE_SIZE + 1))) == 1


@examples(150)
@given(st.text('search rule"tnofm{}#\n zeI1\\', max_size=60))
def test_any_text_gives_a_plan_or_problems_within_it(text: str) -> None:
    try:
        parse_dialplan(text, "f")
    except DialplanError as error:
        lines = text.split("\n")
        for one in error.problems:
            assert 1 <= one.location.line <= len(lines)
            assert 1 <= one.location.column <= len(lines[one.location.line - 1]) + 1


@examples(100)
@given(st.data())
def test_any_damage_gives_a_plan_or_problems(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(start, min(len(WHOLE), start + 20)))
    damaged = WHOLE[:start] + data.draw(st.text('"{}(\\a \n', max_size=3)) + WHOLE[end:]
    try:
        parse_dialplan(damaged, "f")
    except DialplanError as error:
        assert error.problems
