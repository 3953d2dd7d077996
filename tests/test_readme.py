"""What the README shows is what one gets."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.paths import ROOT

from sipedge.cli import main

TEXT = (ROOT / "README.md").read_text()


def _block(before: str) -> str:
    found = re.search(re.escape(before) + r".*?```\w*\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1]


def test_the_example_answers_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "edge.dialplan").write_text(_block("`edge.dialplan`:"))
    (tmp_path / "edge.toml").write_text(_block("`edge.toml` ("))
    command, _, answer = _block("No server is needed to ask:").partition("\n")
    result = CliRunner().invoke(main, shlex.split(command.removeprefix("$ sipedge ")))
    assert result.stdout == answer
    assert CliRunner().invoke(main, ["check", "edge.toml"]).exit_code == 0


def test_linked_files_are_there() -> None:
    root = ROOT
    for target in re.findall(r"\]\((docs/[^)]+)\)", TEXT):
        assert os.path.exists(root / target), target
