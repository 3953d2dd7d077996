"""``sipedge expressway pull`` against the stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.expressway_box import ANSWERS, command, rule, stand_in

from sipedge.config import load_config
from sipedge.settings import Settings

pytestmark = pytest.mark.e2e


def pulled(folder: Path) -> Settings:
    return load_config(folder / "edge.toml", create_secret=False)


def test_what_is_pulled_is_a_good_configuration(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        result = command(box, "pull", box.hosts[0], "-o", str(tmp_path / "c"))
        assert result.exit_code == 0, result.output
        assert box.methods == {"GET"}
    settings = pulled(tmp_path / "c")
    assert [rule.name for rule in settings.plan.dialplan.rules] == ["LocalZoneMatch", "to A", "to B"]
    assert settings.domains == ("own.example",)
    assert {zone.name for zone in settings.zones} >= {"A", "B"}
    assert "The API does not give Call Policy: add it from a dump" in result.output
    assert "The API does not give the Default Zone" in (tmp_path / "c/report.txt").read_text()
    assert 'Rule 2 Name: "to A"' in (tmp_path / "c/xconfiguration.txt").read_text()


def test_a_dump_gives_what_the_api_does_not(tmp_path: Path) -> None:
    dump = tmp_path / "dump.txt"
    dump.write_text(
        'xConfiguration IP DNS Hostname: "expe"\n'
        'xConfiguration IP DNS Domain Name: "own.example"\n'
        'xConfiguration Zones DefaultZone SIP TLS Verify Mode: "On"\n'
        'xConfiguration Zones Policy SearchRules Rule 9 Name: "not looked at"\n'
    )
    with stand_in(tmp_path) as box:
        result = command(box, "pull", box.hosts[0], "-o", str(tmp_path / "c"), "--dump", str(dump))
    assert "does not give the Default Zone" not in result.output
    settings = pulled(tmp_path / "c")
    assert settings.system_name == "expe.own.example" and len(settings.plan.dialplan.rules) == 3


def test_the_primary_is_the_one_that_the_box_tells(tmp_path: Path) -> None:
    listed = [{"PeerAddress": "127.0.0.2"}, {"PeerAddress": "127.0.0.1", "ConfigurationPrimary": True}]
    with stand_in(tmp_path, 2, ANSWERS | {"common/cluster/peers": listed}) as box:
        box.cluster.rules[1].pop()
        result = command(box, "pull", *box.hosts, "-o", str(tmp_path / "c"))
        assert f'"{box.hosts[1]}" has other search rules than the primary' in result.output
        assert "does not tell which peer is the primary" not in result.output


def test_what_is_not_understood_is_disabled_and_told(tmp_path: Path) -> None:
    answers = ANSWERS | {"common/searchrule": [rule("odd", "A", SIPVariant="Martian"), rule("twice", "B", New="x")]}
    with stand_in(tmp_path, 1, answers) as box:
        command(box, "pull", box.hosts[0], "-o", str(tmp_path / "c"))
    odd, twice = pulled(tmp_path / "c").plan.dialplan.rules
    assert not odd.enabled and twice.enabled
    report = (tmp_path / "c/report.txt").read_text()
    assert '"Martian" is not known' in report and 'SearchRules Rule 2 New: "x"' in report


def test_a_box_without_description_is_read_all_the_same(tmp_path: Path) -> None:
    with stand_in(tmp_path, described=False) as box:
        result = command(box, "pull", box.hosts[0], "-o", str(tmp_path / "c"))
        assert result.exit_code == 0 and "/api/raml is not there" in result.output


def test_a_wrong_password_ends_it_before_anything_is_written(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        result = command(box, "pull", box.hosts[0], "-o", str(tmp_path / "c"), password="no")
        assert result.exit_code == 2 and "refuses the name or the password" in result.output
        twice = command(box, "pull", box.hosts[0], box.hosts[0], "-o", str(tmp_path / "c"))
        assert twice.exit_code == 2 and "is named twice" in twice.output
    assert not (tmp_path / "c").exists()
