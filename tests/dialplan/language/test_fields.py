from __future__ import annotations

import pytest

from dialplan.language.fields import (
    FIELD_NAMES,
    TEXT_FIELDS,
    WORDS_FIELDS,
    FieldError,
    field_named,
    traffic_of,
    value_offset,
)
from dialplan.model import BlockKind, Traffic


@pytest.mark.parametrize("kind", BlockKind)
def test_every_field_is_of_text_or_of_words(kind: BlockKind) -> None:
    assert {*WORDS_FIELDS[kind], *TEXT_FIELDS} == set(FIELD_NAMES[kind])


@pytest.mark.parametrize(
    ("text", "name", "offset"),
    [
        ("pattern  type regex", "pattern type", 14),
        ('Pattern "x"', "pattern", 8),
        ('pattern"x"', "pattern", 7),
        ("On successful match  stop", "on successful match", 21),
        ("behaviour leave", "behaviour", 10),
        ("modes x", None, 0),
    ],
)
def test_names_and_values_in_text(text: str, name: str | None, offset: int) -> None:
    assert field_named(text) == name
    assert value_offset(text, name or "") == offset


def test_a_wrong_word_lists_or_suggests() -> None:
    with pytest.raises(FieldError) as caught:
        WORDS_FIELDS[BlockKind.SEARCH_RULE]["on successful match"].value("halt")
    assert caught.value.hint == "write continue or stop"


def test_traffic_by_its_names() -> None:
    assert traffic_of("Microsoft-IM_and presence") is Traffic.MICROSOFT_IMP
    with pytest.raises(FieldError, match='"imp" is not a kind of traffic'):
        traffic_of("imp")
