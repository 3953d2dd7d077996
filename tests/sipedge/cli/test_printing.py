from __future__ import annotations

import pytest

from sipedge.cli.printing import amount, print_json, say


def test_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": None})
    assert capsys.readouterr().out == '{"a": null}\n'


def test_what_is_said_is_one_printable_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b\nb")
    assert capsys.readouterr() == ("", "sipedge: a\\x1b\\nb\n")


def test_one_thing_and_many() -> None:
    assert [amount(number, "request") for number in (0, 1, 2)] == ["0 requests", "1 request", "2 requests"]
