from __future__ import annotations

import re
from collections.abc import Iterator

from dialplan.language.layout import FieldText, Lexeme, lay_out


def _lexemes(text: str) -> Iterator[Lexeme]:
    """Words of a toy language: ``k "n" { field ... }``; a field is one word and takes the white space behind it."""
    kinds = {"k": "KIND", "{": "LBRACE", "}": "RBRACE"}
    for found in re.finditer(r'#[^\n]*|"[^"]*"|[{}]|k\b|[A-Z]\s*', text):
        word = found[0]
        if not word.startswith("#"):
            yield Lexeme(kinds.get(word, "STRING" if word.startswith('"') else "FIELD"), word, found.start())


def _canonical(block: str, lexeme: Lexeme) -> FieldText:
    word = lexeme.text.strip()
    return FieldText(word.lower(), {"b": 1}.get(word.lower(), 0))


def _lay_out(text: str) -> str:
    return lay_out(text, _lexemes(text), _canonical)


def test_fields_by_rank_with_their_comments() -> None:
    text = 'k "n" {  # open\n# of b\nB  # behind b\n\nA\n# last\n} # end\n'
    assert _lay_out(text) == 'k "n" {  # open\n    a\n    # of b\n    b  # behind b\n    # last\n}  # end\n'


def test_statements_stand_together_unless_the_author_parts_them() -> None:
    assert _lay_out("X\nY\n") == "x\ny\n"
    assert _lay_out('X\n\nY # c\nk "n" { }\nZ\n') == 'x\n\ny  # c\n\nk "n" {\n}\n\nz\n'


def test_comments_of_the_first_line_go_above_it() -> None:
    assert _lay_out('# a\n\nk # b\n"n" # c\n# d\n{ }\n') == '# a\n# b\n# c\n# d\nk "n" {\n}\n'


def test_paragraphs_of_comments() -> None:
    assert _lay_out("\n\n# a\n\n\n# b\n\n") == "# a\n\n# b\n"
    assert _lay_out("X\n# a") == "x\n\n# a\n"
    assert _lay_out("") == ""
