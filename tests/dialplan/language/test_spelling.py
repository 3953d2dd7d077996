from __future__ import annotations

from dialplan.language.spelling import control_character_at, plain_words, quoted, unquoted


def test_a_quote_inside_is_doubled() -> None:
    assert quoted('a "b"') == '"a ""b"""'
    assert unquoted(quoted('a "b"')) == 'a "b"'


def test_case_and_blanks_of_words_do_not_count() -> None:
    assert plain_words("  Search\t RULE ") == "search rule"


def test_the_first_character_that_cannot_be_printed() -> None:
    assert control_character_at("añ\tb\n") == 2
    assert control_character_at("añ") is None
