from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sipedge.cli import main

MESSY = 'search rule "a" { target   zone "X" } # c\n'
NEAT = 'search rule "a" {\n    target zone "X"\n}  # c\n'


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["fmt", *map(str, arguments)])


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "a.dialplan"
    file.write_text(MESSY)
    return file


def test_a_file_is_laid_out_once(plan: Path) -> None:
    plan.chmod(0o640)
    assert (_run(plan).output, plan.read_text()) == (f"{plan}: laid out\n", NEAT)
    assert (_run(plan).output, plan.stat().st_mode & 0o777) == ("", 0o640)
    assert os.listdir(plan.parent) == ["a.dialplan"]


def test_check_changes_nothing(plan: Path) -> None:
    neat = plan.with_name("b.dialplan")
    neat.write_text(NEAT)
    result = _run("--check", plan, neat)
    assert (result.exit_code, result.output, plan.read_text()) == (1, f"{plan}: would change\n", MESSY)
    assert _run("--check", neat).exit_code == 0


def test_line_ends_of_another_system(plan: Path) -> None:
    plan.write_bytes(NEAT.replace("\n", "\r\n").encode())
    assert _run("--check", plan).exit_code == 1
    _run(plan)
    assert plan.read_bytes() == NEAT.encode()


def test_a_file_with_a_mistake_stays_and_the_others_are_laid_out(plan: Path) -> None:
    broken = plan.with_name("0.dialplan")
    broken.write_text("search rule {")
    result = _run(broken, plan)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{broken}:1:13: a block without its name in quotes\n")
    assert result.stderr.endswith("sipedge: 2 errors\n")
    assert (broken.read_text(), plan.read_text()) == ("search rule {", NEAT)


def test_case_files(tmp_path: Path) -> None:
    file = tmp_path / "a.cases"
    file.write_text('PLAN  "x"\ncase "c" { from zone "Z"\nalias "a"\nexpect  no match }')
    assert _run(file).exit_code == 0
    assert file.read_text() == ('plan "x"\n\ncase "c" {\n    from zone "Z"\n    alias "a"\n    expect no match\n}\n')
    assert _run("--check", file).exit_code == 0


def test_a_link_stays_a_link(plan: Path) -> None:
    link = plan.with_name("link")
    link.symlink_to(plan)
    assert _run(link).exit_code == 0
    assert link.is_symlink()
    assert plan.read_text() == NEAT


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff")
    assert _run(tmp_path / "none").exit_code == 2
    result = _run(tmp_path / "x")
    assert (result.exit_code, result.stderr) == (2, f'sipedge: "{tmp_path / "x"}" is not UTF-8 text\n')
    assert _run().exit_code == 2


def test_standard_input_goes_to_standard_output() -> None:
    result = CliRunner().invoke(main, ["fmt", "-"], input=MESSY)
    assert (result.exit_code, result.output) == (0, NEAT)
    cases = CliRunner().invoke(main, ["fmt", "-"], input='# c\nplan  "x"\n')
    assert (cases.exit_code, cases.output) == (0, '# c\nplan "x"\n')
    assert CliRunner().invoke(main, ["fmt", "-", "--check"], input=MESSY).exit_code == 1


def test_a_patch_of_what_would_change(plan: Path) -> None:
    result = _run("--diff", plan)
    assert (result.exit_code, plan.read_text()) == (1, MESSY)
    assert result.output.startswith(f"--- {plan}\n+++ {plan}\n@@ ")
    removed = [line[1:] for line in result.output.splitlines()[2:] if line.startswith("-")]
    assert removed and all(line in MESSY.splitlines() for line in removed)
    plan.write_text(NEAT)
    assert (_run("--diff", plan).exit_code, _run("--diff", plan).output) == (0, "")


def test_a_configuration_is_no_dial_plan(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text("[edge]\n")
    result = _run(tmp_path / "edge.toml")
    assert (result.exit_code, "is TOML" in result.stderr) == (2, True)
