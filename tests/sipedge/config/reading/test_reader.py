"""Syntax errors: what no table can be read from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import errors

from sipedge.config import ConfigError, load_config

BROKEN = {
    "no quotes": (
        "[edge]\nsystem_name = edge.example.com\n",
        "edge.toml:2:15: this is not TOML: Invalid value\n"
        "    system_name = edge.example.com\n"
        "                  ^\n"
        "    text is written in quotes; true, false and numbers without",
    ),
    "no equals sign": (
        '[edge]\nsystem name = "x"\n',
        "edge.toml:2:8: this is not TOML: Expected '=' after a key in a key/value pair\n"
        '    system name = "x"\n'
        "           ^\n"
        '    a line is key = value; a key with blanks is written in quotes: "my key"',
    ),
    "twice": (
        "[edge]\nhistory = 1\nhistory = 2\n",
        "edge.toml:3:12: this is not TOML: Cannot overwrite a value\n"
        "    history = 2\n"
        "               ^\n"
        "    each key may stand only once in a table",
    ),
    "two tables": (
        "[zone]\n[zone]\n",
        "edge.toml:1:1: [zone] is one table, and there are several\n    [zone]\n    ^\n    write [[zone]], each time",
    ),
    "open array": (
        'peers = ["a"\n',
        "edge.toml:2:1: this is not TOML: Unclosed array\n    close the array with ]",
    ),
    "a password without its second quote": (
        '[[credential]]\npassword = "geheim\n',
        "edge.toml:2:19: this is not TOML: Illegal character\n"
        "    password = ...\n"
        "                      ^\n"
        "    text in quotes ends on the line where it begins; a backslash is written \\\\",
    ),
    "a secret under another name": (
        "[[credential]]\npass = geheim\n",
        "edge.toml:2:8: this is not TOML: Invalid value\n"
        "    pass = ...\n"
        "           ^\n"
        "    text is written in quotes; true, false and numbers without",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_syntax_error_is_shown_at_its_place(name: str, tmp_path: Path) -> None:
    text, message = BROKEN[name]
    assert errors(tmp_path, text) == [message]


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(b'[edge]\nname = "M\xfcller"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"{path}:2:10: this is not UTF-8 text\n"
        '    name = "M\N{REPLACEMENT CHARACTER}\n'
        "             ^\n"
        "    save the file as UTF-8"
    )
