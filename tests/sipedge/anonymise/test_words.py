from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.anonymise.words import Words


def shape(text: str) -> str:
    return "".join("9" if one.isdigit() else "A" if one.isupper() else "a" if one.isalpha() else one for one in text)


def test_shapes_stay_and_words_do_not() -> None:
    words = Words(b"key")
    for word in ("Alice", "contoso", "5010", "0049301234567", "imp1", "DEADBEEF01", "aXbYcZ09" * 10):
        made = words(word)
        assert made != word and shape(made) == shape(word)
    assert words("0049301234567").startswith("00")
    assert set(words("deadbeef01")) <= set("0123456789abcdef")


def test_a_word_has_one_pseudonym_whatever_its_capitals() -> None:
    words = Words(b"key")
    assert words("alice").capitalize() == words("Alice") and words("ALICE").lower() == words("alice")
    assert words("alice") == Words(b"key")("alice") != Words(b"other")("alice")


def test_two_words_never_share_one() -> None:
    words = Words(b"key")
    numbers = [f"{number:03}" for number in range(100, 1000)]
    assert len({words(number) for number in numbers}) == len(numbers)
    assert {words(str(number)) for number in range(10)} == set("0123456789")


@examples(200)
@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=60))
def test_lengths_in_bytes_stay(word: str) -> None:
    made = Words(b"key")(word)
    assert len(made.encode()) == len(word.encode()) and len(made) == len(word)


def test_kept_words_stay_in_part_or_whole() -> None:
    words = Words(b"key")
    assert words.keep("4915", 2) and words("4915")[:2] == "49" and words("4915") != "4915"
    assert not words.keep("4915", 1) and words.keep("4915") and words("4915") == "4915" and words.kept == 1
    assert words.keep("Fabrikam") and words("FABRIKAM") == "FABRIKAM"


def test_no_pseudonym_is_a_word_that_is_kept() -> None:
    words = Words(b"key")
    made = words("5010")
    words.keep(made)
    assert words(made) == made != words("5010")
    assert len({words(str(number)) for number in range(1000, 1500)} | {made}) == 501


def test_another_pseudonym_can_be_drawn_for_a_while() -> None:
    words = Words(b"key")
    drawn = {words("5010")}
    while words.draw_again("5010"):
        drawn.add(words("5010"))
    assert 30 < len(drawn) <= 65


def test_bytes_that_are_no_text_stay_one_byte() -> None:
    word = b"M\xfcller".decode("utf-8", "surrogateescape")
    assert len(Words(b"key")(word).encode("utf-8", "surrogateescape")) == 6
