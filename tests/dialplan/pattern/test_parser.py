from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.model import PatternType
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import compile_pattern
from dialplan.syntax import (
    ANYTHING,
    EMPTY,
    Alternation,
    Anchor,
    AnyCharacter,
    CharacterSet,
    Group,
    Literal,
    Look,
    Node,
    PatternError,
    Repeat,
    Sequence,
    Variable,
)

DIGIT = CharacterSet(((0x30, 0x39),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", EMPTY),
        (r"a\.b%40", Literal("a.b%40")),
        (r"%LocalDomains%", Variable("localdomains")),
        (r"\%ip\%", Literal("%ip%")),
        ("ab*", Sequence((Literal("a"), Repeat(Literal("b"), 0, None)))),
        (r"\.+?", Repeat(Literal("."), 1, None, lazy=True)),
        (r"\d{2}", Repeat(DIGIT, 2, 2)),
        (r".{2,}", Repeat(AnyCharacter(), 2, None)),
        (".{1,2}?", Repeat(AnyCharacter(), 1, 2, lazy=True)),
        ("a|", Alternation((Literal("a"), EMPTY))),
        (
            "((a)(?:b))(c)",
            Sequence((Group(Sequence((Group(Literal("a"), 2), Group(Literal("b")))), 1), Group(Literal("c"), 3))),
        ),
        ("(?!.*x$)^", Sequence((Look(Sequence((ANYTHING, Literal("x"), Anchor(False))), True, True), Anchor(True)))),
        ("(?=a)", Look(Literal("a"), True, False)),
        ("(?<!a)", Look(Literal("a"), False, True)),
        ("(?<=a)", Look(Literal("a"), False, False)),
        ("[]a-c-]", CharacterSet(((0x2D, 0x2D), (0x5D, 0x5D), (0x61, 0x63)))),
    ],
)
def test_tree(text: str, expected: Node) -> None:
    assert parse_pattern(text) == expected


def test_offsets() -> None:
    node = parse_pattern(r"ab(c)\d")
    assert isinstance(node, Sequence)
    assert [item.at for item in node.items] == [0, 2, 5]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a**", 2, "a repetition of a repetition"),
        ("a+++", 3, "a repetition of a repetition"),
        ("a++.*", 1, "a group or repetition that gives nothing back, where that matters"),
        ("a{2}{3}", 4, "a repetition of a repetition"),
        ("*a", 0, "nothing to repeat"),
        ("(|*)", 2, "nothing to repeat"),
        ("(a", 2, "a ( without )"),
        ("a)", 1, "a ) without ("),
        ("[a", 0, "a [ without ]"),
        ("a]", 1, "a ] without ["),
        ("a{", 1, "a { that is no repetition"),
        ("a{,3}", 1, "a { that is no repetition"),
        ("a}", 1, "a } without {"),
        ("a\\", 1, "a backslash at the end"),
        (r"(a)\1", 3, "a back-reference in a pattern"),
        (r".\b.", 1, "a border of a word, where nothing says on which side the word is"),
        (r"\b*x", 2, "a repeated anchor or look-around"),
        (r"(?P<n>a)(?P=n)", 8, "a back-reference in a pattern"),
        (r"a\q", 1, "an escape that this dialect lacks"),
        ("(?P<1>a)", 0, "a named group that is none"),
        ("x(?-i)a", 1, "a flag that makes case count"),
        ("(?x) a", 0, "an inline flag"),
        ("(?U)a", 0, "a flag that this dialect lacks"),
        ("(?>a|ab)", 0, "a group or repetition that gives nothing back, where that matters"),
        ("(?#a)", 0, "a comment in a pattern"),
        ("(?|a)", 0, "a group of an unknown kind"),
        ("(?!a)*", 5, "a repeated anchor or look-around"),
        ("^*", 1, "a repeated anchor or look-around"),
        ("a{5,2}", 1, "a repetition whose end is below its start"),
        ("a{1001}", 1, "too many repetitions"),
        ("a{99999999999}", 1, "too many repetitions"),
        ("(a{100}){100}", 8, "too many repetitions inside each other"),
        ("((.*){50}){50}", 10, "too many repetitions inside each other"),
        ("%foo%", 0, "unknown variable %foo%"),
        ("%localdomain201%", 0, "unknown variable %localdomain201%"),
        (r"x[\d]", 2, "an escape inside []"),
        ("[[:alpha:]]", 1, "a POSIX class"),
        ("[z-a]", 1, "a range whose end is below its start"),
        ("(" * 101, 100, "too many groups"),
        ("a" * 1025, 1024, "a pattern of 1025 characters"),
    ],
)
def test_refused(text: str, offset: int, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(text)
    assert (caught.value.offset, caught.value.message) == (offset, message)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (r"\A.*\Z", "^.*$"),
        (r"a\z", "a$"),
        ("(?i)a", "a"),
        ("(?s:a.)b", "(?:a.)b"),
        ("(?is)a|b", "a|b"),
        ("a++b", "(?:a+)b"),
        (r"\d++@.*", r"(?:\d+)@.*"),
        (r"[^@]*+@b", r"(?:[^@]*)@b"),
        ("a?+", "(?:a?)"),
        ("(?>ab|c)d", "(?:ab|c)d"),
    ],
)
def test_what_says_the_same_in_another_dialect_is_taken(text: str, same: str) -> None:
    """Compared by what they match: empty sequences are left where a flag stood."""
    texts = ["", *map("".join, product("ab0@\n", repeat=1)), *map("".join, product("abcd0@", repeat=3)), "aab", "0@x"]
    both = compile_pattern(PatternType.REGEX, text), compile_pattern(PatternType.REGEX, same)
    assert [bool(both[0].match(each)) for each in texts] == [bool(both[1].match(each)) for each in texts]


ATOMS = st.sampled_from(["a", "b", "ab", "[ab]", "[^a]", ".", "(?:a|b)", "(?>a|b)", "(?>ab|a)", "(?>ab|c)", "$", "^"])
REPETITIONS = st.sampled_from(["", "", "*+", "++", "?+", "{2}+", "{1,2}+", "*", "+?"])


@examples(500)
@given(st.lists(st.tuples(ATOMS, REPETITIONS), min_size=1, max_size=4))
def test_what_gives_nothing_back_matches_as_with_backtracking_or_is_refused(parts: list[tuple[str, str]]) -> None:
    text = "".join(atom + repetition for atom, repetition in parts)
    try:
        pattern = compile_pattern(PatternType.REGEX, text)
    except PatternError:
        return
    reference = re.compile(rf"(?:{text})\Z", re.DOTALL)
    for length in range(5):
        for alias in map("".join, product("abc", repeat=length)):
            assert bool(pattern.match(alias)) == bool(reference.match(alias)), alias


def test_the_deepest_nesting_is_read() -> None:
    parse_pattern("(" * 100 + "a" + ")" * 100)


@examples(300)
@given(st.text(r"ab.*+?(){}[]|\^$%-12dip!<=:", max_size=20))
def test_any_text_is_read_or_refused_within_it(text: str) -> None:
    try:
        parse_pattern(text)
    except PatternError as error:
        assert 0 <= error.offset <= len(text)
