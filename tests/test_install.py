"""docs/install.md: the files that it names, man pages that read well, a package page that leads nowhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.paths import ROOT

from sipedge.cli import COMMANDS, main
from tools.manpages import page_of, pages

PAGE = (ROOT / "docs" / "install.md").read_text()
PAGES = pages()


def test_all_that_is_packaged_is_on_the_page() -> None:
    files = {path.name for path in (ROOT / "packaging").iterdir()}
    assert files == set(re.findall(r"packaging/([\w.]*\w)", PAGE))


def test_every_command_has_a_man_page() -> None:
    assert set(PAGES) == {"sipedge.1", *map(page_of, COMMANDS)}


@pytest.mark.parametrize("name", PAGES)
def test_a_man_page_says_what_the_help_says(name: str) -> None:
    command = next((command for command in COMMANDS if page_of(command) == name), "")
    help_text = CliRunner().invoke(main, [*command.split(), "--help"]).stdout
    for option in re.findall(r"^  (?:-\w, )?(--[\w-]+)", help_text, re.MULTILINE):
        assert option.replace("-", "\\-") in PAGES[name]
    first = " ".join(help_text.split("\n\n")[1].split())
    assert first.replace("\\", "\\e").replace("-", "\\-") in PAGES[name]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed (Debian: apt-get install man-db)")
@pytest.mark.parametrize("name", PAGES)
def test_man_has_nothing_to_say_about_a_man_page(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(PAGES[name])
    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(tmp_path / name)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
    assert subprocess.run(command, capture_output=True, env=environment, check=True).stderr == b""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """With programs that are here in place of those that are not installed."""
    unit = (ROOT / "packaging" / "sipedge.service").read_text().replace("/opt/sipedge/bin/sipedge", "/bin/true")
    (tmp_path / "sipedge.service").write_text(re.sub(r"(?m)^(?:Documentation|User|Group)=.*\n", "", unit))
    command = ["systemd-analyze", "verify", str(tmp_path / "sipedge.service")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "sipedge.service" not in found.stderr, found.stderr


def test_the_page_of_the_package_leads_to_no_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / project["readme"]).read_text()
    assert "](" not in page
    for line in re.findall(r"^sipedge (\w+)", page, re.MULTILINE):
        assert line in COMMANDS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_had(shell: str) -> None:
    made = CliRunner().invoke(main, [], prog_name="sipedge", env={"_SIPEDGE_COMPLETE": f"{shell}_source"})
    assert "_SIPEDGE_COMPLETE" in made.stdout and f"_SIPEDGE_COMPLETE={shell}_source" in PAGE
