"""How many workers there may be: nothing is refused because of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sipedge.config import ConfigError, load_config

EDGE = '[edge]\nsystem_name = "e.example.com"\ndomains = ["near.example"]\nworkers = {0}\n{1}\n'
LISTENER = '[[listener]]\nname = "tcp"\naddress = "127.0.0.1"\nport = 5060\ntransport = "TCP"\n'


def problems(folder: Path, workers: int, keys: str = "", tables: str = "") -> list[str]:
    (folder / "edge.toml").write_text(EDGE.format(workers, keys) + LISTENER + tables)
    try:
        assert load_config(folder / "edge.toml").workers == workers
    except ConfigError as error:
        return [problem.message for problem in error.problems]
    return []


def test_up_to_eight_workers_do_all_that_one_does(tmp_path: Path) -> None:
    zone = '[[zone]]\nname = "far"\ntype = "neighbor"\ntransport = "TCP"\npeers = ["192.0.2.2"]\n'
    zone += 'topology = "b2bua"\nlongest_user_part = 200\n'
    log = '[log]\ndecisions = "d"\nmessages = "m"\nexpressway = "x"\n[log.hep]\naddress = "192.0.2.1"\n'
    assert problems(tmp_path, 8, 'journal = "j"', zone + log) == []
    assert len(problems(tmp_path, 9)) == len(problems(tmp_path, -1)) == 1


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (4, 4), (64, 4)])
def test_0_is_one_for_each_core_up_to_four(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)))
    (tmp_path / "edge.toml").write_text(EDGE.format(0, "") + LISTENER)
    assert load_config(tmp_path / "edge.toml").workers == workers
