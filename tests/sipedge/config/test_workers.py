"""What several workers cannot do is said with its key."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("keys", "tables", "said"),
    [
        ('journal = "j"', "", "[edge] has 2 workers, and a journal is of calls, which a worker knows alone"),
        (
            "",
            '[[zone]]\nname = "far"\ntype = "dns"\ntopology = "b2bua"\n',
            '[edge] has 2 workers, and zone "far" has topology "b2bua": a worker knows its own calls only',
        ),
        (
            "",
            '[[zone]]\nname = "far"\ntype = "dns"\nlongest_user_part = 200\n',
            '[edge] has 2 workers, and zone "far" has a longest_user_part: what is too long is kept by one of them',
        ),
    ],
)
def test_what_one_process_has_to_know_takes_one_worker(tmp_path: Path, keys: str, tables: str, said: str) -> None:
    assert said in problems(tmp_path, 2, keys, tables)
    assert said not in problems(tmp_path, 1, keys, tables)


def test_several_workers_are_fine_otherwise(tmp_path: Path) -> None:
    assert problems(tmp_path, 8) == []
    assert len(problems(tmp_path, 9)) == len(problems(tmp_path, 0)) == 1
