"""No colours where the environment asks for none, even on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from support.configuration import EDGE, write

from sipedge.cli import main
from sipedge.cli.colours import colourful
from sipedge.cli.screen import console


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False), ("TERM", "xterm", True)],
)
def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    assert colourful() is expected
    assert console().no_color or expected or console().color_system is None


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_nothing_is_red_or_bold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    path = write(tmp_path, EDGE + "histori = 1\n")
    assert "\x1b[" in CliRunner().invoke(main, ["check", str(path)], color=True).output
    monkeypatch.setenv(variable, value)
    assert "\x1b[" not in CliRunner().invoke(main, ["check", str(path)], color=True).output
