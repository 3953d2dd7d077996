from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.paths import DATA
from support.third_party import require_shared
from support.traces import write_config

from sipedge.cli import main

LOG = (
    '2017-09-25T11:26:02.966-04:00 box tvcs: UTCTime="2017-09-25 15:26:02,966" Module="network.search" Level="DEBUG": '
    'Detail="{}"\n'
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    return write_config(tmp_path)


def replay(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


def test_the_box_is_the_referee(config: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    asked = "Considering search rule 'out' towards target 'Outside' at priority '100' with alias 'bob@outside.example'"
    missed = "Search rule 'chat in' did not match destination alias 'bob@outside.example'"
    log.write_text(LOG.format(missed) + LOG.format(asked))
    result = replay(config, str(log), "--referee")
    assert result.exit_code == 0 and result.stdout.endswith("2 agree, 0 differ, 0 are not comparable\n")
    assert "(the zone that fits best)" in result.stdout
    log.write_text(LOG.format(missed))
    result = replay(config, str(log), "--referee", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["verdict"] == "agrees"
    log.write_text(LOG.format(missed.replace("bob@outside", "bob@inside")))
    assert replay(config, str(log), "--referee").exit_code == 0  # not Microsoft traffic: it does not apply in both
    log.write_text("nothing\n")
    assert replay(config, str(log), str(tmp_path / "missing"), "--referee").exit_code == 2


def referee(folder: Path, dump: Path, *logs: Path) -> Result:
    """The logged decisions beside those of the dump's rules, imported into the folder."""
    assert CliRunner().invoke(main, ["import", "expressway", str(dump), "-o", str(folder / "box")]).exit_code == 0
    return replay(str(folder / "box" / "edge.toml"), *map(str, logs), "--referee")


def not_comparable(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if line.startswith("  not comparable")]


def test_a_dump_with_gaps_is_a_referee_where_it_can_be(tmp_path: Path) -> None:
    """Of 14 logged decisions 4 are about rules in the dump."""
    folder = DATA / "expressway"
    logs = (folder / "search_on_a_route.log", folder / "hidden_rule.log")
    result = referee(tmp_path, folder / "two_boxes.txt", *logs)
    assert result.exit_code == 0 and result.stdout.endswith("4 agree, 0 differ, 11 are not comparable\n")
    reasons = ("CONFIG has no such rule", "may say Stop before it")
    assert all(line.endswith(reasons) for line in not_comparable(result))


def test_published_logs_and_their_dump(tmp_path: Path) -> None:
    """Of 17 logged decisions 4 are about rules in the dump, and these agree; the rest, and one rule that must stand
    behind a Stop which the dump does not show, are listed with the reason."""
    folder = require_shared("samples/expressway")
    logs = sorted(folder.glob("0[26]_*.log"))
    result = referee(tmp_path, folder / "03_xconfiguration_zone_and_searchrule.txt", *logs)
    assert result.exit_code == 0 and result.stdout.endswith("4 agree, 0 differ, 16 are not comparable\n")
    reasons = ("CONFIG has no such rule", "may say Stop before it")
    assert all(line.endswith(reasons) for line in not_comparable(result))


def test_the_referee_takes_no_other_outputs(config: str) -> None:
    result = replay(config, "log", "--referee", "--save", "x")
    assert result.exit_code == 2 and "--referee prints a comparison of its own" in result.stderr
