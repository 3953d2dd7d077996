from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from lark import Token, Tree, UnexpectedInput
from support.examples import examples

from dialplan.language.blocks import NotRead, read_blocks
from dialplan.language.parser import _lark, _terminals

Read = list[list[tuple[str, str, int | None]]]
RULE = 'search rule "a" {\n  priority 10 # first\n\n  pattern ".*@b"\n  target zone "C"\n}\n'
PIECES = [
    RULE,
    'transform "t" {}',
    'Search  Rule "x"\n{\n',
    "}",
    "\n",
    " ",
    "# note {\n",
    'mode any alias\r\n  source zone "Z"\n',
    'pattern type regex pattern "a""b"\n',
    '"text"',
    'pattern "open\n',
    "nonsense",
    "{",
]


def by_lark(text: str) -> Read | None:
    try:
        tree = _lark().parse(text)
    except UnexpectedInput:
        return None
    blocks = [cast(Tree[Token], block).children for block in tree.children]
    return [[(token.type, str(token), token.start_pos) for token in block] for block in blocks]  # type: ignore[union-attr]


def by_walk(text: str) -> Read | None:
    try:
        return list(read_blocks(text, _terminals()))
    except NotRead:
        return None


def test_tokens_know_where_they_stand() -> None:
    assert by_walk("\n" + RULE) == [
        [
            ("KIND", "search rule", 1),
            ("STRING", '"a"', 13),
            ("WORDS_FIELD", "priority 10 ", 21),
            ("TEXT_FIELD", 'pattern ".*@b"\n  ', 44),
            ("ZONE_FIELD", 'target zone "C"\n', 61),
        ]
    ]


def test_a_text_with_an_error_is_left_to_lark() -> None:
    for text in ('search rule "a" {', "}", 'search "a" {}', "search rule {}", 'search rule "a" { nonsense }', '"a"'):
        assert by_walk(text) is None
    assert by_walk("") == []


@examples(300)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_blocks_are_those_of_the_grammar(text: str) -> None:
    assert by_walk(text) == by_lark(text)
