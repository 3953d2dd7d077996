"""The TextMate grammar knows the words that the rule language knows."""

from __future__ import annotations

import json
import re

from support.paths import ROOT

from dialplan.language.fields import FIELD_NAMES, WORDS_FIELDS, WordsField
from dialplan.model import BlockKind

GRAMMAR = json.loads((ROOT / "editors" / "dialplan.tmLanguage.json").read_text())


def test_every_field_is_highlighted() -> None:
    field, pattern = (
        re.compile(GRAMMAR["repository"][name]["match"].replace("(?i)", ""), re.I) for name in ("field", "pattern")
    )
    for kind in BlockKind:
        for name in FIELD_NAMES[kind]:
            assert field.match(f"    {name} x") or pattern.match(f'    {name} "x"'), name


def test_every_value_is_highlighted() -> None:
    words = re.compile(GRAMMAR["repository"]["value"]["patterns"][2]["match"].replace("(?i)", ""), re.I)
    for kind in BlockKind:
        for values in WORDS_FIELDS[kind].values():
            if isinstance(values, WordsField):
                for value in values.words:
                    assert [word for word in value.split() if word != "zone" and not words.fullmatch(word)] == [], value


def test_blocks_are_found() -> None:
    begin = re.compile(GRAMMAR["patterns"][1]["begin"].replace("(?i)", ""), re.I)
    assert begin.match('search  rule "a ""b""" {')
    assert begin.match('  TRANSFORM "x" {')
    assert not begin.match("# transform")
