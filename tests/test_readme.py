"""What the README shows is what one gets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.paths import ROOT
from support.processes import fresh_address
from support.running_edge import Edge

from dialplan.language.parser import parse_dialplan
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
    (tmp_path / "edge.toml").write_text(_block("`edge.toml` (").replace("port = 5070", "port = 0"))
    assert CliRunner().invoke(main, ["check", "edge.toml"]).exit_code == 0


@pytest.mark.e2e
def test_the_example_runs_as_printed(tmp_path: Path) -> None:
    """At an address of its own, because another program may have the printed port."""
    config = _block("`edge.toml` (").replace('"127.0.0.1"', f'"{fresh_address()}"')
    with Edge(tmp_path, config, _block("`edge.dialplan`:")) as edge:
        assert ":5070" in edge.wait_for(" serves ")


PLANS = [
    (page, example)
    for page in ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
    for example in re.findall(r"^```\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    if re.search(r'^(?:search rule|transform) "', example, re.MULTILINE)
]


@pytest.mark.parametrize(("page", "example"), PLANS, ids=[f"{page}-{at}" for at, (page, _) in enumerate(PLANS)])
def test_every_dial_plan_on_a_page_can_be_read(page: str, example: str) -> None:
    assert parse_dialplan(example, page).entries


NAMED = re.compile(
    r"\]\(([\w./-]+\.md)|`((?:tests|docs|tools|dialplan|zones|sipedge|proxy|decision|sip|network)/[\w./]*)`"
)
"""Links to pages, and files or folders in backticks; those of ``sipedge/`` may be written without it."""


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))])
def test_files_that_a_page_names_are_there(page: str) -> None:
    folder = (ROOT / page).parent
    for link, code in NAMED.findall((ROOT / page).read_text()):
        if "NAME" in code or "ID" in code:  # what to write in their place is what the page tells
            continue
        places = (folder / link,) if link else (ROOT / code, ROOT / "sipedge" / code, ROOT / "dialplan" / code)
        assert any(place.exists() for place in places), link or code
