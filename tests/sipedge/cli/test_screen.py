from __future__ import annotations

import pytest

from sipedge.cli.screen import console


def test_lines_are_whole_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("word " * 1000 + "[end]")
    assert capsys.readouterr().out == "word " * 1000 + "[end]\n"
