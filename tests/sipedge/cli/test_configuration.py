from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE, write

from sipedge.cli.configuration import load


def test_a_sound_configuration_is_read_without_making_its_secret(tmp_path: Path) -> None:
    config = write(tmp_path, EDGE)
    before = sorted(tmp_path.rglob("*"))
    assert load(str(config)).domains == ("example.com",)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_broken_one_ends_the_command_with_its_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "edge.toml").write_text("nonsense")
    with pytest.raises(SystemExit) as ended:
        load(str(tmp_path / "edge.toml"))
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("sipedge: 1 error\n")
