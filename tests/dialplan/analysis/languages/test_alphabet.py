from __future__ import annotations

from dialplan.analysis.languages.alphabet import ASCII, Alphabet
from dialplan.model import Variables
from dialplan.pattern.expansion import expand
from dialplan.pattern.parser import parse_pattern


def of(*patterns: str) -> Alphabet:
    return Alphabet.of([expand(parse_pattern(pattern), Variables()) for pattern in patterns])


def test_every_printable_ascii_character_and_one_for_all_others() -> None:
    assert ASCII.size == 95 - 26 + 1
    assert ASCII.symbol("a") == 0
    assert ASCII.symbol("é") == ASCII.symbol("ü") == ASCII.size - 1
    assert ASCII.symbol("\t") is None
    assert ASCII.everything.bit_count() == ASCII.size


def test_masks() -> None:
    assert ASCII.mask(((0x30, 0x39),)).bit_count() == 10
    assert ASCII.mask_of_character("@") == ASCII.mask(((0x40, 0x40),))
    assert ASCII.mask_of_character("\t") == 0


def test_a_person_would_write_a_letter() -> None:
    assert ASCII.character(ASCII.everything) == "a"
    assert ASCII.character(ASCII.mask(((0x21, 0x3A),))) == "0"
    assert ASCII.character(ASCII.mask(((0x80, 0x10FFFF),))) == "é"


def test_patterns_that_name_no_other_characters_share_an_alphabet() -> None:
    assert of("a.*", "[^@]*", r"\W\S\D") is ASCII


def test_others_are_told_apart_where_a_pattern_does() -> None:
    alphabet = of("é", "[ä-ö]")
    assert len({alphabet.symbol(character) for character in "éäàz"}) == 4
    assert alphabet.symbol("ä") == alphabet.symbol("å")
    assert of("[^é]").symbol("é") != of("[^é]").symbol("è")
