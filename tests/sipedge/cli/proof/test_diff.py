from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result
from support.paths import DATA

from sipedge.cli import main

FEDERATION = DATA / "dialplans/federation"
OLD = """search rule "partner" {
    mode alias pattern match
    pattern type regex
    pattern ".*@partner\\.example"
    behavior leave
    on successful match stop
    target zone "A"
}
"""


def _run(folder: Path, new: str, *options: str) -> Result:
    (folder / "old.dialplan").write_text(OLD)
    (folder / "new.dialplan").write_text(new)
    return CliRunner().invoke(main, ["diff", str(folder / "old.dialplan"), str(folder / "new.dialplan"), *options])


def test_the_same(tmp_path: Path) -> None:
    result = _run(tmp_path, OLD.replace("regex", "suffix").replace(r".*@partner\.", "@partner."))
    assert (result.exit_code, result.output) == (0, "")


def test_different(tmp_path: Path) -> None:
    result = _run(tmp_path, OLD.replace('"A"', '"B"'))
    assert result.exit_code == 1
    assert result.stdout == (
        'alice@partner.example from zone "Default Zone", standard (INVITE)\n'
        '    and likewise from "Default Zone", "Local Zone", "A", "B"; '
        "standard, microsoft av, microsoft share, microsoft im and presence\n"
        '    - zone "A" (rule "partner")\n'
        '    + zone "B" (rule "partner")\n'
    )


def test_json(tmp_path: Path) -> None:
    result = _run(tmp_path, "", "--json")
    assert result.exit_code == 1
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert (found["alias"], found["zone"], found["new"]["tiers"]) == ("alice@partner.example", "Default Zone", [])
    assert found["old"]["tiers"][0]["targets"] == [{"rule": "partner", "zone": "A", "alias": "alice@partner.example"}]
    assert {"zone": "A", "traffic": "microsoft im and presence", "authenticated": True} in found["conditions"]


def test_not_proved_is_said(tmp_path: Path) -> None:
    swap = 'transform "t" {\n pattern type regex\n pattern "(.*)@(.*)"\n behavior replace\n replace "\\2@\\1"\n}\n'
    result = _run(tmp_path, OLD + swap)
    assert result.exit_code == 1
    assert "not proved: not everything could be compared" in result.stdout


def test_configurations() -> None:
    files = [str(FEDERATION / f"{name}.toml") for name in ("inside", "inside")]
    assert CliRunner().invoke(main, ["diff", *files]).exit_code == 0


def test_unusable(tmp_path: Path) -> None:
    broken = _run(tmp_path, OLD.replace("regex", "regexp"))
    assert (broken.exit_code, "did you mean" in broken.stderr) == (2, True)
    missing = CliRunner().invoke(main, ["diff", str(tmp_path / "old.dialplan"), str(tmp_path / "none.dialplan")])
    assert (missing.exit_code, "cannot be read" in missing.stderr) == (2, True)
