from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.cases.cases import Case, Expected, ExpectedTarget, PlanStatement, SettingStatement
from dialplan.cases.parser import MAX_FILE_SIZE, format_cases, parse_cases
from dialplan.language.spelling import quoted
from dialplan.model import Location, Traffic
from dialplan.problem import DialplanError

TEXT = '''\
# about
plan "inside.toml"
SYSTEM  Name "edge"   # trailing

case "NOTIFY" {
  method notify
    from zone "Out""side"
    alias "imp1;lr"
  # what
  expect rule "R"   ZONE "Z"  as "a ""b""" priority 20 stop
  expect zone "Y" continue
  Expect more
  expect no transform
  expect searched "s"
    traffic Microsoft-IMP
    authenticated YES
}
case "none" { message "x.sip"
from zone "Default Zone"
event dialog
expect no match
expect transform "t" }
'''

NEAT = '''\
# about
plan "inside.toml"
system name "edge"  # trailing

case "NOTIFY" {
    method NOTIFY
    from zone "Out""side"
    alias "imp1;lr"
    # what
    expect rule "R" zone "Z" as "a ""b""" priority 20 stop
    expect zone "Y" continue
    expect more
    expect no transform
    expect searched "s"
    traffic microsoft im and presence
    authenticated yes
}

case "none" {
    message "x.sip"
    from zone "Default Zone"
    event dialog
    expect no match
    expect transform "t"
}
'''


def test_all_of_it() -> None:
    found = parse_cases(TEXT, "f")
    assert list(found.plans) == [PlanStatement("inside.toml", Location("f", 2, 1))]
    assert list(found.settings) == [SettingStatement("system name", "edge", Location("f", 3, 1))]
    targets = (
        ExpectedTarget(rule="R", zone="Z", alias='a "b"', priority=20, stop=True),
        ExpectedTarget(zone="Y", stop=False),
    )
    assert list(found.cases) == [
        Case(
            name="NOTIFY",
            source='Out"side',
            alias="imp1;lr",
            traffic=Traffic.MICROSOFT_IMP,
            method="NOTIFY",
            authenticated=True,
            expected=Expected(targets=targets, more=True, transform="", searched="s"),
        ),
        Case(
            name="none",
            source="Default Zone",
            message="x.sip",
            event="dialog",
            expected=Expected(targets=(), transform="t"),
        ),
    ]


def test_one_layout() -> None:
    assert format_cases(TEXT, "f") == NEAT
    assert format_cases(NEAT, "f") == NEAT
    assert parse_cases(NEAT, "f").statements[3:] == parse_cases(TEXT, "f").statements[3:]


CASE = 'case "c" {\n alias "a"\n from zone "z"\n '


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("blah", "1:1", "'blah' is not understood", 'write plan "file", case "name" { }'),
        ('plan "x', "1:1", "a string without end", 'close it with " on the same line'),
        ('plan "a\tb"', "1:8", "a control character", "leave it out"),
        ("}", "1:1", "'}' in the wrong place", 'outside a case: plan "file", case "name" { }, never, only'),
        ('case "x" {', "1:11", "the file ends inside a case", "} is missing"),
        ('case "x" {\n alais "q"\n}', "2:2", "'alais' is not a field", 'did you mean "alias"?'),
        ('case "x" {\n alias q\n}', "2:2", "alias has no value that it takes", 'write: alias "user@domain"'),
        ('case "x" {\n method "q"\n}', "2:2", "method has no value that it takes", "write one word"),
        (CASE.replace("c", "", 2).replace("ase", "case", 1) + "expect no match\n}", "1:6", "a name of 0", "1 to 200"),
        (CASE + "}", "1:1", "a case that expects nothing", "write expect and one of: rule"),
        ('case "c" {\n expect no match\n}', "1:1", "a case without a source", 'write: from zone "name"'),
        ('case "c" {\n from zone "z"\n expect no match\n}', "1:1", "a case without a request", "write: alias"),
        (CASE + 'expect no match\n alias ""\n}', "5:2", "alias a second time", "it is set in line 2 already"),
        (CASE + "expect blah\n}", "4:9", "an expectation that is not understood", "expect takes rule"),
        (CASE + "expect rule }", "4:13", "an expectation that is not understood", "expect takes rule"),
        (CASE + 'expect rule "x" rule "y"\n}', "4:2", "a part of a target a second time", "write each once"),
        (CASE + "expect stop continue\n}", "4:2", "a part of a target a second time", "write each once"),
        (CASE + 'expect zone "x"\n expect no match\n}', "5:2", "no match beside a target", "leave one out"),
        (CASE + 'expect no match\n expect zone "x"\n}', "5:2", "no match beside a target", "leave one out"),
        (CASE + "expect no match\n expect no match\n}", "5:2", "no match a second time", "leave one out"),
        (CASE + 'expect no transform\n expect transform "x"\n}', "5:2", "transform a second time", "leave one out"),
        (CASE + "expect more\n}", "1:1", "expect more without a target before it", "write expect"),
        (CASE + "expect no match\n traffic foo\n}", "5:2", '"foo" is not a kind of traffic', "write standard"),
        (CASE + "expect no match\n authenticated si\n}", "5:2", '"si" is not among the values', "write yes or no"),
        (CASE + "expect no match\n method A B\n}", "5:2", '"A B" is not a token', "write one word, like NOTIFY"),
        (CASE + 'expect no match\n message ""\n}', "5:2", "an empty message", "write something between the quotes"),
        (CASE + "expect no match\n}\n" + CASE + "expect no match\n}", "6:1", 'a second case "c"', "the first is"),
        ("#" * (MAX_FILE_SIZE + 1), "1:1", f"a file of {MAX_FILE_SIZE + 1} characters", f"{MAX_FILE_SIZE} at most"),
    ],
)
def test_mistakes(text: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(DialplanError) as caught:
        parse_cases(text, "f")
    problem = caught.value.problems[0]
    assert f"{problem.location.line}:{problem.location.column}" == place
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)


def test_all_mistakes_inside_cases_are_told_at_once() -> None:
    with pytest.raises(DialplanError) as caught:
        parse_cases(CASE + "traffic foo\n expect blah\n method A B\n}\n" + CASE + "}", "f")
    assert len(caught.value.problems) == 5


NAME = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=12)


@pytest.mark.slow
@examples(100)
@given(
    NAME,
    st.lists(
        st.sampled_from(["# c\n", "\n", "\n\n"])
        | st.builds("expect  RULE {}  zone {} PRIORITY 7\n".format, NAME.map(quoted), NAME.map(quoted))
        | st.builds("expect as {} STOP # behind\n".format, NAME.map(quoted)),
        max_size=6,
    ),
)
def test_layout_is_stable_and_changes_nothing(name: str, lines: list[str]) -> None:
    text = f'case {quoted(name)} {{\nalias {quoted(name)}\nfrom zone "z"\nexpect zone "x"\n{"".join(lines)}}}'
    once = format_cases(text, "f")
    assert format_cases(once, "f") == once
    assert parse_cases(once, "f").statements == parse_cases(text, "f").statements
