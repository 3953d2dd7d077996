"""Where the control socket is, and that a broken configuration still says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE, errors, write

from sipedge.config import load_config
from sipedge.config.control_place import read_control_place


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("", "edge.control"),
        ('secret_file = "run/x.secret"\n', "run/x.control"),
        ('control = "run/socket"\n', "run/socket"),
        ('control = "/run/sipedge/control"\nsecret_file = "run/x.secret"\n', "/run/sipedge/control"),
        ("control = false\n", ""),
    ],
)
def test_it_is_beside_the_secret_unless_something_else_is_written(tmp_path: Path, keys: str, place: str) -> None:
    path = write(tmp_path, EDGE + keys)
    expected = str(tmp_path / place) if place else ""
    assert load_config(path, create_secret=False).control == expected
    assert read_control_place(str(path)) == expected


def test_who_wants_to_ask_needs_nothing_else_to_be_right(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + 'control = "c"\ndialplans = ["missing"]\nnonsense = 1\n')
    assert read_control_place(str(path)) == str(tmp_path / "c")


def test_any_other_value_is_a_mistake(tmp_path: Path) -> None:
    said = errors(tmp_path, EDGE + "control = true\n")
    assert said == [
        'edge.toml:4:11: "control" must be a path or false\n    control = true\n              ^\n'
        "    write the path of a socket in quotes, or false for none"
    ]
