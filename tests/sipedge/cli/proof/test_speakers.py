from __future__ import annotations

import json

from click.testing import CliRunner
from support.federation_plan import FOLDER

from sipedge.cli import main


def test_for_people() -> None:
    result = CliRunner().invoke(main, ["speakers", str(FOLDER / "outside.toml")])
    assert result.exit_code == 0
    assert result.stdout.startswith('zone "Traversal server"\n  lets in   anybody with the password of traversal')
    assert 'reaches   zone "Traversal server", for example alice@ciscoexample.com' in result.stdout
    assert "way back  a signed Route of its own dialog" in result.stdout


def test_as_json() -> None:
    result = CliRunner().invoke(main, ["speakers", str(FOLDER / "inside.toml"), "--json"])
    zones = [json.loads(line) for line in result.stdout.splitlines()]
    assert [zone["zone"] for zone in zones] == ["IMP", "Traversal client", "Default Zone"]
    assert zones[0]["reaches"][0]["zone"] == "Traversal client" and zones[2]["reaches"] == []
