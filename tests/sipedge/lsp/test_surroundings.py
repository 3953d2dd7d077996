"""The configuration and the test cases around a dial plan file."""

from __future__ import annotations

from pathlib import Path

from dialplan.model import Variables
from sipedge.lsp.surroundings import Surroundings, look_around, suites_about
from zones.zone import DEFAULT_ZONE, LOCAL_ZONE

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
dialplans = ["plans/one.dialplan"]

[[zone]]
name = "IMP"
type = "neighbour"
"""


def test_the_configuration_one_folder_up(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "broken.toml").write_text("[edge")
    (tmp_path / "edge.toml").write_text(CONFIG)
    found = look_around(str(tmp_path / "plans" / "one.dialplan"))
    assert found.config == str(tmp_path / "edge.toml")
    assert {name: place.line for name, place in found.zones.items()} == {"IMP": 7}
    assert found.zone_names == ("IMP", DEFAULT_ZONE, LOCAL_ZONE)
    assert found.variables(Variables(ipv4=("192.0.2.1",))) == Variables(
        ipv4=("192.0.2.1",), domains=("example.com",), system_name="edge.example.com"
    )


def test_a_file_that_no_configuration_names(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(CONFIG)
    assert look_around(str(tmp_path / "two.dialplan")) == Surroundings()
    assert Surroundings().zone_names == ()


def test_cases_near_by(tmp_path: Path) -> None:
    plan = tmp_path / "one.dialplan"
    plan.write_text('search rule "all" {\n    target zone "X"\n}\n')
    (tmp_path / "one.cases").write_text(
        'plan "one.dialplan"\ncase "a" {\n    alias "a@b.c"\n    from zone "Default Zone"\n    expect zone "X"\n}\n'
    )
    (tmp_path / "bad.cases").write_text("case {")
    suites = suites_about(str(plan))
    assert [question.query.alias for suite in suites for question in suite.questions] == ["a@b.c"]
    assert suites_about(str(tmp_path / "two.dialplan")) == []
