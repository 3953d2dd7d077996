"""A configuration read by another process: the same settings, the same errors, bounded in time."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.settings import plan_of

from sipedge.config import ConfigError, load_config
from sipedge.config.apart import Apart, ReadingError
from sipedge.config.parcel import unpacked
from sipedge.settings import Settings

pytestmark = pytest.mark.e2e


def read(path: Path) -> Settings:
    steps = unpacked(Apart(str(path)).parcel(), plan_of(""))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            settings: Settings = end.value
            return settings


def test_the_settings_are_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE)
    read_here = load_config(path)
    read_apart = read(path)
    assert (read_apart.system_name, read_apart.secret, read_apart.limits) == (
        read_here.system_name,
        read_here.secret,
        read_here.limits,
    )


def test_the_errors_are_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "nonsense = 1\n[limits]\nidle = 'x'\n")
    with pytest.raises(ConfigError) as here:
        load_config(path)
    with pytest.raises(ConfigError) as apart:
        read(path)
    assert str(apart.value) == str(here.value)


def pipe(folder: Path) -> Path:
    """A configuration whose reading waits for ever."""
    path = folder / "edge.toml"
    os.mkfifo(path)
    return path


def test_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = pipe(tmp_path)
    with pytest.raises(ReadingError) as error:
        Apart(str(path), limit=0.5).parcel()
    assert str(error.value) == f"{path}: reading it took longer than 0.5 s"


def test_a_process_that_is_killed_is_one_sentence(tmp_path: Path) -> None:
    path = pipe(tmp_path)
    apart = Apart(str(path))
    threading.Timer(0.5, apart.end).start()
    with pytest.raises(ReadingError) as error:
        apart.parcel()
    with pytest.raises(ReadingError, match="nobody waits for it"):
        apart.parcel()
    if "nobody" not in str(error.value):  # on a busy machine the process may not have been there yet
        assert str(error.value) == f"{path}: the process that read it died of SIGKILL"


def test_a_process_that_fails_says_the_last_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, EDGE)
    write(tmp_path, "raise SystemError('no such code')", "sipedge.py")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(
        ReadingError, match=r"edge.toml: the process that read it ended with status 1: SystemError: no such code"
    ):
        Apart(str(path)).parcel()
