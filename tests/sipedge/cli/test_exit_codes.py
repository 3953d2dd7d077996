"""0 good, 1 the answer is no, 2 the question could not be asked, 3 warnings of ``check``: for every command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.configuration import EDGE, write
from support.linting import rule
from support.paths import ROOT

from sipedge.cli import COMMANDS, main

LISTENER = '\n[[listener]]\nname = "l"\naddress = "127.0.0.1"\nport = 0\ntransport = "TCP"\n'
ZONE = '\n[[zone]]\nname = "A"\ntype = "neighbor"\npeers = ["192.0.2.1"]\ntransport = "TCP"\n'
CASES = """plan "good.dialplan"

case "c" {
    alias      "bob@example.com"
    from zone  "Default Zone"
    expect     zone "A"
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    good = rule("r", 1, r".*@example\.com")
    write(tmp_path, good, "good.dialplan")
    write(tmp_path, "# the same\n" + good.replace("    ", "  "), "same.dialplan")
    write(tmp_path, rule("r", 1, r".*@example\.org"), "other.dialplan")
    write(tmp_path, rule("r", 1, r".*@example.com"), "doubtful.dialplan")
    write(tmp_path, rule("r", 1, r"a^b"), "wrong.dialplan")
    write(tmp_path, "search rule", "broken.dialplan")
    write(tmp_path, EDGE.replace("domains", 'dialplans = ["good.dialplan"]\ndomains') + LISTENER + ZONE)
    write(tmp_path, "[edge", "broken.toml")
    write(tmp_path, CASES, "good.cases")
    write(tmp_path, CASES.replace("bob@example.com", "bob@example.org"), "failed.cases")
    write(tmp_path, "case", "broken.cases")
    write(tmp_path, "no SIP here\n", "trace.txt")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("check edge.toml", 0),
        ("check good.dialplan", 0),
        ("check doubtful.dialplan", 3),
        ("check wrong.dialplan", 1),
        ("check broken.dialplan", 1),
        ("check broken.toml", 1),
        ("check none.toml", 2),
        ("check none.dialplan", 2),
        ("check-pattern a --pattern a", 0),
        ("check-pattern a --pattern b", 1),
        ("check-pattern a --pattern b --json", 1),
        ("check-pattern a --pattern * --type regex", 2),
        ("locate edge.toml bob@example.com --from a", 0),
        ("locate edge.toml bob@example.org --from a", 1),
        ("locate good.dialplan bob@example.com --from a", 0),
        ("locate good.dialplan bob@example.org --from a --json", 1),
        ("locate broken.dialplan bob@example.com --from a", 2),
        ("locate broken.toml bob@example.com --from a", 2),
        ("locate none.toml bob@example.com --from a", 2),
        ("locate edge.toml bob@example.com --from nobody", 2),
        ("speakers edge.toml", 0),
        ("speakers good.dialplan", 0),
        ("speakers broken.dialplan", 2),
        ("speakers none.toml", 2),
        ("csr none.toml", 2),
        ("diff good.dialplan same.dialplan", 0),
        ("diff good.dialplan other.dialplan", 1),
        ("diff good.dialplan broken.dialplan", 2),
        ("diff good.dialplan none.dialplan", 2),
        ("diff edge.toml broken.toml", 2),
        ("test good.cases", 0),
        ("test failed.cases", 1),
        ("test broken.cases", 2),
        ("test none.cases", 2),
        ("fmt good.cases", 0),
        ("fmt --check same.dialplan", 1),
        ("fmt broken.dialplan", 2),
        ("fmt none.dialplan", 2),
        ("import expressway none.txt -o out", 2),
        ("replay broken.toml trace.txt", 2),
        ("replay none.toml trace.txt", 2),
        ("ladder --config broken.toml trace.txt", 2),
        ("anonymise trace.txt -o out.txt --config broken.toml", 2),
        ("messages none.txt", 2),
        ("doctor --config broken.toml", 2),
        ("run broken.toml", 2),
        ("run none.toml", 2),
        ("nonsense", 2),
    ],
)
def test_the_exit_code(folder: Path, line: str, status: int) -> None:
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == status, result.output
    assert status in _page().get(line.split()[0], {2})


def _page() -> dict[str, set[int]]:
    """Command -> what docs/exit-status.md says that it may end with."""
    rows = re.findall(r"^\| `([\w -]+)` \|(.*)\|$", (ROOT / "docs" / "exit-status.md").read_text(), re.MULTILINE)
    cells = {command: [cell.strip() for cell in row.split(" |")] for command, row in rows}
    return {
        command: {at for at, cell in enumerate(row[:3]) if cell} | set(map(int, re.findall(r"\b\d\b", row[3])))
        for command, row in cells.items()
    }


def test_the_page_has_every_command() -> None:
    assert _page().keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_ends_with(command: str) -> None:
    words = [command, "expressway"] if command == "import" else command.split()
    text = CliRunner().invoke(main, [*words, "--help"]).stdout
    said = set(map(int, re.findall(r"\b(\d) ", text.partition("Exit status:")[2].partition("Options:")[0])))
    assert said <= _page()[command] and (said or command == "lsp")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_does_not_exist_is_a_question_that_cannot_be_asked(command: str) -> None:
    assert CliRunner().invoke(main, [*command.split(), "--none"]).exit_code == 2
