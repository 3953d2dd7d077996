from __future__ import annotations

import pytest

from dialplan.model import Location
from dialplan.problem import Problem
from sipedge.cli.problems import caret_in_red, fail, print_problems

PROBLEM = Problem(Location("a.dialplan", 1, 3), "no such word", "write this", "ab cd")


def test_a_command_ends_with_all_problems_and_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fail([PROBLEM, PROBLEM], 2)
    text = "a.dialplan:1:3: no such word\n    ab cd\n      ^\n    write this\n"
    assert (ended.value.code, capsys.readouterr()) == (2, ("", f"{text}{text}sipedge: 2 errors\n"))


def test_one_problem_is_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems([PROBLEM])
    assert capsys.readouterr().err.endswith("sipedge: 1 error\n")


def test_only_the_caret_is_red() -> None:
    assert caret_in_red("  ^") == "\x1b[31m  ^\x1b[0m"
    assert caret_in_red("a ^ b") == "a ^ b"
