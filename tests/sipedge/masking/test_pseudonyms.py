"""The same name has the same pseudonym, and only who has the key finds the name by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.masking.pseudonyms import KEY, Pseudonyms

ONE, OTHER = Pseudonyms(b"1" * KEY), Pseudonyms(b"2" * KEY)
NAMES = st.text(max_size=60)


@examples(100)
@given(NAMES)
def test_who_has_the_key_finds_the_name(name: str) -> None:
    assert ONE.name(ONE.of(name)) == name
    assert Pseudonyms(b"1" * KEY).of(name) == ONE.of(name)


@examples(100)
@given(NAMES)
def test_another_key_finds_none(name: str) -> None:
    assert OTHER.name(ONE.of(name)) is None
    assert OTHER.of(name) != ONE.of(name)


@examples(100)
@given(NAMES, NAMES)
def test_two_names_have_two_pseudonyms_of_which_neither_is_a_part_of_the_other(name: str, other: str) -> None:
    if name != other:
        assert ONE.of(name)[1:9] != ONE.of(other)[1:9]
        assert ONE.mark(name) != ONE.mark(other)


@pytest.mark.parametrize("text", ["", "~", "alice", "~alice", "~" + "a" * 32, "~" + "a" * 33, "~é" + "a" * 31])
def test_what_was_never_shown_is_no_pseudonym(text: str) -> None:
    assert ONE.name(text) is None


def test_one_changed_character_makes_it_none() -> None:
    shown = ONE.of("alice")
    for at in range(1, len(shown)):
        changed = shown[:at] + ("A" if shown[at] != "A" else "B") + shown[at + 1 :]
        assert ONE.name(changed) is None


def test_its_length_tells_short_names_from_long_ones_only() -> None:
    assert {len(ONE.of("a" * length)) for length in range(18)} == {33}
    assert len(ONE.of("a" * 18)) == 61


def test_a_surrogate_that_a_peer_wrote_is_a_name_too() -> None:
    assert ONE.name(ONE.of("\udcff")) == "\udcff"


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="has 32 bytes, not 3"):
        Pseudonyms(b"abc")
