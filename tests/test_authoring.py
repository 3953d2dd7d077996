"""The walk-through is followed to the letter: its files are written, its commands run, their answers compared."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.paths import ROOT

from sipedge.cli import main

TEXT = (ROOT / "docs" / "authoring.md").read_text()


def _steps() -> Iterator[tuple[str, str]]:
    """(file name or command, its text or answer), in the order of the page."""
    name = ""
    for part in re.split(r"^(`[\w.]+`:\n|```\w*\n.*?^```$)", TEXT, flags=re.DOTALL | re.MULTILINE):
        if part.startswith("```"):
            body = part.partition("\n")[2].removesuffix("```")
            if body.startswith("$ "):
                command, _, answer = body.partition("\n")
                yield command, answer
            else:
                assert name, body
                yield name, body
            name = ""
        elif part.endswith("`:\n"):
            name = part.strip("`:\n")


@pytest.mark.slow
def test_every_answer_is_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = 0
    for name, text in _steps():
        if name.startswith("$ "):
            commands += 1
            result = CliRunner().invoke(main, shlex.split(name.removeprefix("$ sipedge ")))
            assert _without_examples(result.stdout) == _without_examples(text), name
        else:
            (tmp_path / name).write_text(text.replace("port = 5070", "port = 0"))
    assert commands == 8
    for command in re.findall(r"^    sipedge (.*)$", TEXT, re.MULTILINE):
        result = CliRunner().invoke(main, shlex.split(command))
        assert result.exit_code in ((0, 3) if command.startswith("check") else (0,)), command


def _without_examples(text: str) -> str:
    """Any request that shows the point will do."""
    return re.sub(r"(?<=for example ).*", "...", text)
