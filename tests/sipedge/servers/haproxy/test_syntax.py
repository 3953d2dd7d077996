"""Words of a HAProxy configuration: whatever is in them, they stay one word of one line."""

from __future__ import annotations

import pytest

from sipedge.servers.haproxy.syntax import line, section, word


@pytest.mark.parametrize("plain", ["192.0.2.1:443", "meet.example.com", "str(a.example)", "{", "ssl_fc_sni,lower"])
def test_plain_words_stay_as_they_are(plain: str) -> None:
    assert word(plain) == plain


@pytest.mark.parametrize(
    ("text", "written"),
    [("", "''"), ("a b", "'a b'"), ("a#b", "'a#b'"), ("a$HOME", "'a$HOME'"), ("a'b", "'a'\\''b'"), ("a\\b", "'a\\b'")],
)
def test_what_has_a_meaning_of_its_own_is_quoted(text: str, written: str) -> None:
    assert word(text) == written


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\tb"])
def test_what_no_line_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        word(text)


def test_a_section_is_its_head_and_its_lines() -> None:
    assert section("backend a", [line("mode", "tcp")]) == "backend a\n  mode tcp\n"
