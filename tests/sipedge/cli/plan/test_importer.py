from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.expressway_dump import DUMP

from sipedge.cli import main


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["import", "expressway", *map(str, arguments)])


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    file = tmp_path / "dump.txt"
    file.write_bytes(DUMP.encode() + b"\n\xff\xfe not text")
    return file


def test_what_is_written_passes_the_check(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "edge"
    result = _run(dump, "-o", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        f"{out}: edge.toml, edge.dialplan and what they name, from 127 settings\n"
        "  1 transforms or rules are not possible here: decisions differ\n"
        f"  21 things to look at, 3 settings without an equal: {out}/report.txt\n"
    )
    assert CliRunner().invoke(main, ["fmt", "--check", str(out / "edge.dialplan")]).exit_code == 0
    checked = CliRunner().invoke(main, ["check", str(out / "edge.toml"), "--json"])
    found = [json.loads(line) for line in checked.stdout.splitlines()]
    # The box's own ports may be in use on the machine of this test.
    assert [one for one in found if one["level"] == "error" and one["id"] != "cannot-listen"] == []
    located = CliRunner().invoke(
        main, ["locate", str(out / "edge.toml"), "a@ciscoexample.com", "--from", "Default Zone", "--method", "NOTIFY"]
    )
    assert 'Inside [traversal connection, port 7001] as a@ciscoexample.com  (rule "to inside")' in located.stdout


def test_secrets_are_for_their_owner_only(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _run(dump, "-o", out)
    modes = {file.name: file.stat().st_mode & 0o077 for file in out.iterdir()}
    assert [name for name, mode in sorted(modes.items()) if mode == 0] == [
        "other.password",
        "server.key",
        "traversal.password",
        "up.password",
    ]


def test_nothing_is_overwritten(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("mine")
    result = _run(dump, "-o", tmp_path)
    assert result.exit_code == 2
    assert "is there already; choose another folder" in result.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dump.txt", "report.txt"]


def test_own_certificates_are_named_from_where_the_configuration_is(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    result = _run(dump, "-o", tmp_path / "out", "--certificates", tmp_path / "pki")
    assert result.exit_code == 0
    assert 'trusted = "../pki/trusted.pem"' in (tmp_path / "out" / "edge.toml").read_text()
    assert not (tmp_path / "out" / "server.key").exists()


@pytest.mark.parametrize(("text", "message"), [("nothing", "has no line that begins with xConfiguration")])
def test_files_that_are_no_dump(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x").write_text(text)
    result = _run(tmp_path / "x", "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert _run(tmp_path / "none", "-o", tmp_path / "out").exit_code == 2
    assert not (tmp_path / "out").exists()
