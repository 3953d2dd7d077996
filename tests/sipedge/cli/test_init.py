"""The command line as a whole: help, version, usage errors, start-up time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sipedge import __version__
from sipedge.cli import COMMANDS as REGISTERED
from sipedge.cli import GROUPS, main

COMMANDS = ("run", "check", "check-pattern", "locate", "lab")


def test_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"sipedge {__version__}\n"


def test_help_names_every_command() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    for command in COMMANDS:
        assert f"\n  {command} " in output
    assert "..." not in output.partition("Serve:")[2]


def test_every_group_names_commands_that_there_are_and_each_once() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(set(grouped) & set(REGISTERED))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chekc"], 'sipedge: there is no command "chekc": did you mean check?\n'),
        (["help"], 'sipedge: there is no command "help": sipedge --help lists all\n'),
        (["check"], "sipedge: Missing argument 'CONFIG...'.\n"),
        (["locate", "x", "y"], "sipedge: Missing option '--from'.\n"),
        (["run", "x", "--log-level", "loud"], "sipedge: Invalid value for '--log-level': 'loud' is not one of "),
    ],
)
def test_usage_errors_are_one_sentence(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_no_command_shows_the_help() -> None:
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")


@pytest.mark.e2e
def test_check_pattern_loads_nothing_heavy() -> None:
    """What keeps its start-up short: measured as modules, because time on a busy machine is no test."""
    code = (
        "import sys\n"
        "from sipedge.cli import main\n"
        "try: main(['check-pattern', '--type', 'regex', '--pattern', '.*@a', 'b@a'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'rich', 'tree_sitter', 'cryptography', 'asyncio', 'ssl', 'cffi', 'pjsua2', 'dns'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "matched: b@a\n[]\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_one_sentence() -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "sipedge", "--help"]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, "sipedge: No space left on device\n")
