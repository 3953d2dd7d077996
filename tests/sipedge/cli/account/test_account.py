"""Accounts by the command line, and the log of what was done."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sipedge.cli import main

PASSWORD = "correct horse battery"


class Machine:
    def __init__(self, folder: Path) -> None:
        self.config = folder / "edge.toml"
        self.config.write_text("")
        self.kept = folder / "edge.console"
        self.password = folder / "password"
        self.password.write_text(f"{PASSWORD}\nanother line\n")

    def run(self, line: str, typed: str = "") -> Result:
        words = line.replace("CONFIG", str(self.config)).replace("FILE", str(self.password)).split()
        return CliRunner().invoke(main, words, input=typed)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_account_is_added_listed_and_removed(machine: Machine) -> None:
    assert machine.run("account list CONFIG").exit_code == 1
    added = machine.run("account add CONFIG alice --role admin --password-file FILE")
    assert (added.exit_code, added.output) == (0, f"alice is admin of the console of {machine.config}\n")
    machine.run("account add CONFIG bob", f"{PASSWORD}\n{PASSWORD}\n")
    assert machine.run("account list CONFIG").output == "alice admin\nbob auditor\n"
    assert machine.run("account remove CONFIG bob").exit_code == 0
    assert machine.run("account list CONFIG").output == "alice admin\n"
    log = machine.run("audit CONFIG")
    assert [line.split(")")[1] for line in log.output.splitlines()] == [
        " account added alice, admin",
        " account added bob, auditor",
        " account removed bob",
    ]
    held = b"".join(path.read_bytes() for path in machine.kept.iterdir())
    assert PASSWORD.encode() not in held


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("account remove CONFIG alice", '"alice" is the last admin: make another one first'),
        ("account password CONFIG bob --password-file FILE", 'there is no account "bob"'),
        ("account add CONFIG alice --password-file FILE", 'there is an account "alice" already'),
        ("account add CONFIG a/b --password-file FILE", '"a/b" is no name'),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(machine: Machine, line: str, sentence: str) -> None:
    machine.run("account add CONFIG alice --role admin --password-file FILE")
    done = machine.run(line)
    assert done.exit_code == 1 and sentence in done.output and done.output.count("\n") == 1


@pytest.mark.parametrize("line", ["account add CONFIG x --role root --password-file FILE", "account add CONFIG x"])
def test_what_cannot_be_asked_ends_with_2(machine: Machine, line: str) -> None:
    if "root" not in line:
        machine.config.write_text("[console]\nlisten = 1\n")
    assert machine.run(line).exit_code == 2


def test_a_short_password_is_refused(machine: Machine) -> None:
    machine.password.write_text("short")
    assert machine.run("account add CONFIG alice --password-file FILE").exit_code == 1


def test_a_changed_log_is_noticed(machine: Machine) -> None:
    machine.run("account add CONFIG alice --role admin --password-file FILE")
    machine.run("account password CONFIG alice --password-file FILE")
    log = machine.kept / "audit.jsonl"
    log.write_text(log.read_text().replace("alice, admin", "alice, operator"))
    done = machine.run("audit CONFIG --last 1")
    assert done.exit_code == 1 and f"{log}:2: this line does not fit" in done.output
    assert done.output.splitlines()[0].endswith("password changed alice")
