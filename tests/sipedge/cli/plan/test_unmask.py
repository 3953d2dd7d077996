"""``sipedge unmask`` on files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.configuration import write

from sipedge.cli import main
from sipedge.topology.call_ids import CallIds
from sipedge.topology.seals import Seals

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
dialplans = ["edge.dialplan"]
[[zone]]
name = "IMP"
type = "neighbor"
peers = ["192.0.2.5"]
transport = "TCP"
topology = "hidden"
"""
SECRET = bytes(range(32))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write(tmp_path, "", "edge.dialplan")
    write(tmp_path, SECRET.hex() + "\n", "edge.secret")
    return write(tmp_path, CONFIG)


def unmask(config: Path, file: str | Path, **options: str) -> Result:
    return CliRunner().invoke(main, ["unmask", str(config), str(file)], **options)


def test_a_file_is_printed_with_its_tokens_opened(config: Path, tmp_path: Path) -> None:
    sealed = CallIds(Seals(SECRET), "IMP").outward("1@10.0.0.5")
    result = unmask(config, write(tmp_path, f"Call-ID: {sealed}\nTo: <sip:a@b>\n", "log"))
    assert (result.exit_code, result.stdout) == (0, "Call-ID: 1@10.0.0.5\nTo: <sip:a@b>\n")
    assert unmask(config, "-", input=f"{sealed} there\n").stdout == "1@10.0.0.5 there\n"


def test_without_a_secret_nothing_can_be_opened(config: Path, tmp_path: Path) -> None:
    (tmp_path / "edge.secret").unlink()
    result = unmask(config, write(tmp_path, "text\n", "log"))
    assert result.exit_code == 2 and "has no secret here" in result.stderr


def test_a_capture_is_no_text(config: Path, tmp_path: Path) -> None:
    result = unmask(config, write(tmp_path, "\0\0\n", "capture"))
    assert result.exit_code == 2 and "is no text" in result.stderr


def test_a_missing_file(config: Path, tmp_path: Path) -> None:
    result = unmask(config, tmp_path / "none")
    assert result.exit_code == 2 and "No such file" in result.stderr
