from __future__ import annotations

from pathlib import Path

import click
import pytest
from support.paths import DATA

from dialplan.problem import DialplanError
from sipedge.cli.plans import load_plan
from sipedge.config import ConfigError

FEDERATION = DATA / "dialplans/federation"


def test_a_dial_plan_alone() -> None:
    loaded = load_plan(str(FEDERATION / "inside.dialplan"))
    assert (loaded.senders, loaded.about) == (None, "0 transforms, 3 search rules")


def test_with_its_configuration() -> None:
    loaded = load_plan(str(FEDERATION / "outside.toml"))
    assert loaded.senders is not None
    assert [one.name for one in loaded.senders if not one.sends] == ["DNS", "Local Zone"]
    assert loaded.plan.variables.domains == ("ciscoexample.com",)


def test_what_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "a.dialplan").write_text("search")
    with pytest.raises(DialplanError):
        load_plan(str(tmp_path / "a.dialplan"))
    with pytest.raises(click.UsageError):
        load_plan(str(tmp_path / "none.dialplan"))
    with pytest.raises(click.UsageError):
        load_plan(str(tmp_path / "none.toml"))
    (tmp_path / "a.toml").write_text("edge")
    with pytest.raises(ConfigError):
        load_plan(str(tmp_path / "a.toml"))
