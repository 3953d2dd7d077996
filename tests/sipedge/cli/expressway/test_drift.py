"""``sipedge expressway drift`` against the stand-in: what changed, and every form of the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.expressway_box import HOST, StandIn, command, stand_in

pytestmark = pytest.mark.e2e


@pytest.fixture
def box(tmp_path: Path) -> Iterator[StandIn]:
    with stand_in(tmp_path) as box:
        assert command(box, "pull", box.hosts[0], "-o", str(tmp_path / "c")).exit_code == 0
        yield box
        assert box.methods == {"GET"}


CASES = """plan "c/edge.toml"

case "a" {
    alias "x@a.example"
    from zone "B"
    expect zone "Local Zone"
    expect zone "A"
}
"""


def drift(box: StandIn, folder: Path, *words: str) -> tuple[int, str]:
    result = command(box, "drift", str(folder / "c"), *box.hosts, *words)
    return result.exit_code, result.output


def test_nothing_changed(box: StandIn, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in (tmp_path / "c").iterdir()}
    status, output = drift(box, tmp_path)
    assert status == 0, output
    assert "Settings that changed: good\nRequests that go another way: good\n" in output
    assert {file.name: file.read_bytes() for file in (tmp_path / "c").iterdir()} == before


def test_a_rule_that_another_administrator_changed_is_shown_with_a_request(box: StandIn, tmp_path: Path) -> None:
    box.cluster.rules[0][1]["TargetName"] = "B"
    status, output = drift(box, tmp_path)
    assert status == 1
    assert 'search rule "to A": Target Name "A" -> "B"' in output
    assert '      - zone "Local Zone" (rule "LocalZoneMatch"); then zone "A" (rule "to A")' in output
    assert '      + zone "Local Zone" (rule "LocalZoneMatch"); then zone "B" (rule "to A")' in output


def test_what_came_and_went_is_told_by_its_name(box: StandIn, tmp_path: Path) -> None:
    box.cluster.rules[0].pop(1)
    box.cluster.answers["common/domain"].append({"Name": "more.example"})
    status, output = drift(box, tmp_path)
    assert status == 1
    assert 'search rule "to A" is gone\n' in output and 'domain "more.example" is new\n' in output
    assert 'search rule "to B"' not in output.partition("Requests")[0]


def test_a_new_finding_of_check_is_told_apart_from_those_before(box: StandIn, tmp_path: Path) -> None:
    box.cluster.rules[0][1] |= {"PatternString": ".*", "Priority": 1}
    status, output = drift(box, tmp_path)
    assert status == 1 and "    new: warning: " in output or "    new: error: " in output


def test_cases_about_the_pulled_plan_are_asked_of_the_live_one(box: StandIn, tmp_path: Path) -> None:
    cases = tmp_path / "c.cases"
    cases.write_text(CASES)
    status, output = drift(box, tmp_path, "--cases", str(cases))
    assert status == 0, output
    assert "1 case and 0 claims hold" in output
    box.cluster.rules[0][1]["TargetName"] = "B"
    status, output = drift(box, tmp_path, "--cases", str(cases))
    assert status == 1 and 'c.cases:3:1: "a": ' in output
    cases.write_text('plan "other.dialplan"\n')
    (tmp_path / "other.dialplan").write_text("")
    status, output = drift(box, tmp_path, "--cases", str(cases))
    assert "only cases about the box are asked" in output


def test_an_edge_that_is_no_pair_is_told(box: StandIn, tmp_path: Path) -> None:
    status, output = drift(box, tmp_path, "--pair", str(tmp_path / "c/edge.toml"))
    assert status == 1 and "none of them has a traversal client zone" in output


def test_certificates_are_looked_at(box: StandIn, tmp_path: Path) -> None:
    status, output = drift(box, tmp_path, "--node", box.hosts[0], "--node", f"{HOST}:1")
    assert status == 1
    box.cluster.certificate = ""
    assert "Certificates and clientAuth: good" in drift(box, tmp_path)[1]
    assert output.count("from a public CA it loses clientAuth on") == 2
    assert f'"{HOST}" port 1 shows no certificate' in output


def test_the_report_as_json_junit_page_and_metrics(box: StandIn, tmp_path: Path) -> None:
    box.cluster.rules[0][1]["TargetName"] = "B"
    files = {form: tmp_path / f"report.{form}" for form in ("junit", "html", "metrics")}
    words = [word for form, file in files.items() for word in (f"--{form}", str(file))]
    status, output = drift(box, tmp_path, "--json", *words)
    report = json.loads(output)
    assert status == 1 and report["good"] is False and report["box"] == box.hosts[0]
    assert {part["name"]: part["good"] for part in report["parts"]}["Settings that changed"] is False
    suite = ElementTree.parse(files["junit"]).getroot()
    assert suite.get("tests") == "4" and suite.get("failures") == "3"
    page = files["html"].read_text()
    assert "<svg" in page and "100  to A" in page and "<script" not in page
    metrics = files["metrics"].read_text()
    assert f'sipedge_expressway_part_good{{box="{box.hosts[0]}",part="Settings that changed"}} 0\n' in metrics
    assert "sipedge_expressway_report_timestamp_seconds" in metrics


def test_a_folder_that_was_not_pulled_is_told(box: StandIn, tmp_path: Path) -> None:
    (tmp_path / "c/xconfiguration.txt").unlink()
    status, output = drift(box, tmp_path)
    assert status == 2 and "xconfiguration.txt" in output


def test_a_peer_that_has_other_rules_is_told(tmp_path: Path) -> None:
    with stand_in(tmp_path, 2) as box:
        assert command(box, "pull", *box.hosts, "-o", str(tmp_path / "c")).exit_code == 0
        assert "Peers of the cluster: good" in drift(box, tmp_path)[1]
        box.cluster.rules[1].pop()
        status, output = drift(box, tmp_path)
    assert status == 1 and f'"{box.hosts[1]}" has other search rules than the primary' in output


def test_the_box_on_the_other_side_stands_in_the_same_report(box: StandIn, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with stand_in(tmp_path / "other", password="another") as other:
        (tmp_path / "other/password").write_text("another\n")
        trusted = tmp_path / "both.pem"
        trusted.write_text(Path(box.trusted).read_text() + Path(other.trusted).read_text())
        box.trusted = str(trusted)
        assert command(other, "pull", other.hosts[0], "-o", str(tmp_path / "e"), password="another").exit_code == 0
        other.cluster.rules[0].pop()
        words = ("--other", str(tmp_path / "e"), other.hosts[0])
        status, output = drift(box, tmp_path, *words, "--other-password-file", str(tmp_path / "other/password"))
        assert status == 1 and other.methods == {"GET"}
    assert f"{box.hosts[0]}: Settings that changed: good" in output
    assert f'{other.hosts[0]}: Settings that changed: look at this\n    search rule "to B" is gone' in output
    assert "The way back of NOTIFY: look at this\n    none of them has a traversal client zone" in output
