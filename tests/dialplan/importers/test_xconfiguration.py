from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import DATA
from support.third_party import require_shared

from dialplan.importers.xconfiguration import Remark, read_dump

PATH = "Zones Zone 7 Name"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('*c xConfiguration Zones Zone 7 Name: "DMZ zone"', "DMZ zone"),
        ('xConfiguration Zones Zone 7 Name: "DMZ zone"', "DMZ zone"),
        ("xconfiguration zones ZONE 7 name: DMZ zone", "DMZ zone"),
        ("  xConfiguration Zones Zone 7 Name:DMZ zone  \r", "DMZ zone"),
        ('*c xConfiguration Zones Zone 7 Name: "a "b" c"', 'a "b" c'),
        ('*c xConfiguration Zones Zone 7 Name: "a: b"', "a: b"),
        ('*c xConfiguration Zones Zone 7 Name: ""', ""),
        ("*c xConfiguration Zones Zone 7 Name: ", ""),
        ("*c xConfiguration Zones Zone 7 Name:", ""),
        ('\ufeff*c xConfiguration Zones Zone 7 Name: "x"', "x"),
        ('*c xConfiguration Zones Zone 7 Name: "DMZ\n zone"', "DMZ zone"),
        ('*c xConfiguration Zones Zone 7 Name: "DMZ zo\nne"', "DMZ zone"),
        ('*c xConfiguration Zones Zone 7\n Name: "x"', "x"),
        ("*c xConfiguration Zones Zone 7 Name:\n", ""),
        ("*c xConfiguration Zones Zone 7 Name: DMZ\n  zone", "DMZ zone"),
    ],
)
def test_one_setting_in_many_spellings(text: str, value: str) -> None:
    found = read_dump(text).take(PATH)
    assert found is not None
    assert found.value == value


def test_a_line_cut_by_the_terminal_in_the_middle_of_a_word() -> None:
    line = '*c xConfiguration Zones Policy SearchRules Rule 1 Pattern String: "(?!.*@%localdomains%.*$).*"'
    dump = read_dump(line[:80] + "\n" + line[80:] + "\n")
    assert dump.take("Zones Policy SearchRules Rule 1 Pattern String").value == "(?!.*@%localdomains%.*$).*"  # type: ignore[union-attr]
    assert [remark.line for remark in dump.remarks] == [1]
    path = "xConfiguration " + "Traversal Server H323 Assent CallSignaling and some more words to fill it Po"
    assert read_dump(f"{path}\nrt: 5").take(path.removeprefix("xConfiguration ") + "rt")


@pytest.mark.slow
def test_a_quote_that_never_ends_does_not_swallow_the_file() -> None:
    dump = read_dump('xConfiguration A B: "x\n' + "y\n" * 100_000)
    assert dump.settings == []
    assert len(dump.remarks) > 90_000


def test_joined_lines() -> None:
    dump = read_dump('*c xConfiguration A B: "On" *c xConfiguration A C: "x" *c xConfiguration A D: 5\n')
    assert [(one.name, one.value) for one in dump.settings] == [("A B", "On"), ("A C", "x"), ("A D", "5")]
    assert dump.remarks == []


def test_other_lines_are_named_with_their_numbers() -> None:
    text = '# a comment\r\nadmin> xconfig\r\nOK\r\n\r\n*c xConfiguration A B: "x" and more\r\n*c/end\r\n'
    assert read_dump(text).remarks == [
        Remark(2, "not a setting: admin> xconfig"),
        Remark(3, "not a setting: OK"),
        Remark(5, 'behind the value of "A B": and more'),
        Remark(6, "not a setting: *c/end"),
    ]


@pytest.mark.parametrize("end", ["Zones Zone 7 Na", 'Zones Zone 7 Name: "DM', 'Zones Zone 7 Name: "'])
def test_a_truncated_last_line_is_not_used(end: str) -> None:
    dump = read_dump(f'*c xConfiguration A B: "x"\n*c xConfiguration {end}')
    assert [one.name for one in dump.settings] == ["A B"]
    assert dump.remarks[0].line == 2
    assert dump.remarks[0].text.startswith("cut off, not used: *c xConfiguration Zones Zone 7 Na")
    assert "DM" not in dump.remarks[0].text


def test_the_later_of_two_values_counts() -> None:
    dump = read_dump("xConfiguration A B: 1\nxConfiguration a b: 2\nxConfiguration A B: 2\n")
    assert [one.value for one in dump.settings] == ["2"]
    assert dump.remarks == [Remark(2, '"a b" has another value in line 1; this one counts')]


def test_what_is_not_taken_is_left() -> None:
    dump = read_dump("xConfiguration A 10 B: 1\nxConfiguration A 2 B: Some  Words\nxConfiguration C: On\n")
    assert dump.indexes("a") == [2, 10]
    view = dump.under("A", "2")
    assert (view.text("B"), view.word("B"), view.on("B"), view.text("D", "x"), view.on("D", True)) == (
        "Some  Words",
        "somewords",
        False,
        "x",
        True,
    )
    assert (view.line("B"), view.line("D"), view.line()) == (2, 0, 2)
    assert dump.under("").on("C")
    assert [one.line for one in dump.unused()] == [1]


def test_a_dump_with_gaps() -> None:
    dump = read_dump((DATA / "expressway/two_boxes.txt").read_text())
    assert len(dump.settings) == 52
    assert dump.remarks == []
    assert dump.indexes("Zones Policy SearchRules Rule") == [2, 5, 8]


def test_a_published_dump() -> None:
    dump = read_dump(require_shared("samples/expressway/03_xconfiguration_zone_and_searchrule.txt").read_text())
    assert len(dump.settings) == 95
    assert dump.remarks == []
    assert dump.indexes("Zones Policy SearchRules Rule") == [1, 3, 6]


@examples(200)
@given(st.text(alphabet='*c xConfiguration:"\n\r\tZ7#', max_size=200))
def test_any_text_is_read(text: str) -> None:
    dump = read_dump(text)
    assert len(dump.unused()) == len(dump.settings)
