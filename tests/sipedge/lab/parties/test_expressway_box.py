"""The stand-in's own rules: what it takes, refuses, and does behind an administrator's back."""

from __future__ import annotations

import pytest

from sipedge.lab.parties.expressway_box import RULES, Behaviour, Cluster

RULE = {"Name": "r", "Priority": 1, "TargetName": "A"}


def cluster(peers: int = 1, **behaviour: int | float) -> Cluster:
    answers = {RULES: [{**RULE, "Name": "made", "SystemGenerated": "Yes"}, {**RULE, "Name": "other"}]}
    return Cluster([f"box{number}" for number in range(peers)], answers, Behaviour(**behaviour))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("POST", RULE, 201),
        ("POST", {"Name": "r"}, 400),
        ("POST", {**RULE, "Name": "other"}, 400),
        ("POST", {**RULE, "State": "Perhaps"}, 400),
        ("PUT", {"Name": "other", "Priority": 7}, 200),
        ("PUT", {"Name": "none"}, 404),
        ("PUT", {"Name": "made"}, 400),
        ("DELETE", {"Name": "made"}, 400),
        ("DELETE", {"Name": "other"}, 200),
    ],
)
def test_what_is_taken_and_what_is_refused(method: str, body: dict[str, object], status: int) -> None:
    assert cluster().write(0, method, body)[0] == status


def test_a_write_reaches_the_other_peers_and_what_is_written_there_is_overwritten() -> None:
    boxes = cluster(2)
    boxes.write(1, "DELETE", {"Name": "other"})
    assert boxes.rules[1] == boxes.rules[0]
    boxes.write(0, "POST", RULE)
    assert [each["Name"] for each in boxes.rules[1]] == ["made", "other", "r"]


def test_a_write_is_not_with_the_others_before_its_time() -> None:
    boxes = cluster(2, delay=60.0)
    boxes.write(0, "POST", RULE)
    assert len(boxes.rules[1]) == 2
    boxes.close()


def test_ways_to_misbehave() -> None:
    assert cluster(break_after=1).write(0, "POST", RULE)[0] == 500
    silent = cluster(ignore_after=1)
    assert silent.write(0, "POST", RULE)[0] == 200 and len(silent.rules[0]) == 2
    meddled = cluster(meddle_after=1)
    meddled.write(0, "POST", RULE)
    assert [each["State"] for each in meddled.rules[0]] == ["Disabled", "Enabled", "Enabled"]
