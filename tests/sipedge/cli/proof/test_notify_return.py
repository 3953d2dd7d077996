from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner, Result
from support.federation_plan import FOLDER

from sipedge.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(FOLDER, tmp_path / "plan"))


def check(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["check", str(folder / "inside.toml"), str(folder / "outside.toml"), *options])


def mend(folder: Path) -> None:
    with (folder / "outside.dialplan").open("a") as plan:
        plan.write((folder / "fqdn.dialplan").read_text())


@pytest.mark.slow
def test_the_printed_plan(folder: Path) -> None:
    result = check(folder)
    text = result.stdout.replace(f"{folder}/", "")
    assert result.exit_code == 1
    assert 'inside.toml (zone "Traversal client") and outside.toml (zone "Traversal server")' in text
    assert 'outside.toml: error: NOTIFY from zone "Default Zone" is lost' in text
    assert '    this rule carries it:\n\n    search rule "NOTIFY to imp1-public.ciscoexample.com" {' in text


@pytest.mark.slow
def test_the_rule_that_it_prints_can_be_pasted(folder: Path) -> None:
    lines = check(folder).stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("    search rule"))
    with (folder / "outside.dialplan").open("a") as plan:
        plan.write("\n".join(lines[start : lines.index("    }", start) + 1]) + "\n")
    result = check(folder)
    assert result.exit_code == 0
    assert result.stdout.endswith("proved: every NOTIFY to a subscriber's Contact finds its way back\n")


def test_json(folder: Path) -> None:
    mend(folder)
    result = check(folder, "--json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["passed"]) == (0, True)


@pytest.mark.slow
def test_what_is_told(folder: Path) -> None:
    mend(folder)
    assert check(folder, "--federation-routing", "IMP=imp1-public.ciscoexample.com").exit_code == 0
    assert check(folder, "--federation-routing", "elsewhere.example").exit_code == 1
    assert check(folder, "--partner", "elsewhere.example").exit_code == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--federation-routing", "Nowhere=a.example"), '--federation-routing: no zone is called "Nowhere"'),
        (("--federation-routing", "a b"), '--federation-routing: "a b" is not a host name'),
        (("--partner", "bob@a.example"), '--partner: "bob@a.example" is not a host name'),
    ],
)
def test_mistakes(folder: Path, options: tuple[str, ...], message: str) -> None:
    result = check(folder, *options)
    assert (result.exit_code, result.stderr) == (2, f"sipedge: {message}\n")


def test_one_configuration_is_no_pair(folder: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(folder / "inside.toml"), "--partner", "a.example"])
    assert result.exit_code == 2


def test_no_pair(folder: Path) -> None:
    outside = str(folder / "outside.toml")
    result = CliRunner().invoke(main, ["check", outside, outside])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "none of these configurations has a traversal client zone, so no two of them are a pair\n"


def test_a_broken_configuration(folder: Path) -> None:
    (folder / "outside.toml").write_text("[edge]\n")
    assert check(folder).exit_code == 2


def test_a_notify_that_the_from_policy_refuses_is_told_with_the_edges_words(folder: Path) -> None:
    mend(folder)
    config = folder / "outside.toml"
    listed = 'from_domain = "list"\nfrom_domains = ["else.example"]'
    config.write_text(config.read_text().replace('from_domain = "any"', listed))
    result = check(folder)
    assert result.exit_code == 1
    refused = "403 From names msexample.com, which is not agreed for this peer (from_domains)"
    assert f"    NOTIFY with From sip:USER@msexample.com: refused: {refused}\n" in result.stdout
    assert "from_domains or from_domain in its [[zone]]" in result.stdout
