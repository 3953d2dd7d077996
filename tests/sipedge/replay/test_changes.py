from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sipedge.replay.changes import Changes, SavedError, compare, saved_lines


def line(rule: str = "a", index: int = 1, user: str = "bob", **fields: Any) -> str:
    verdict = {
        "index": index,
        "method": "MESSAGE",
        "request_uri": f"sip:{user}@x.example",
        "call_id": str(index),
        "cseq": "1 MESSAGE",
        "zone": "Z",
        "traffic": "standard",
        "in_dialog": False,
        "searched": "bob@x.example",
        "transform": None,
        "tiers": [{"priority": 1, "stop": True, "targets": [{"rule": rule, "zone": "Z", "alias": "b"}]}],
        "decided_by": "rules",
        "refused": "",
        "sent": False,
    }
    return json.dumps({**verdict, **fields})


def test_equal_verdicts_are_no_change() -> None:
    changes = compare([line(), line()], [line(), line(evidence="something else")])
    assert (changes.requests, changes.changed, changes.groups) == (2, 0, {})


def test_changes_are_grouped_by_rules_with_users_and_domains() -> None:
    users = ["bob", "bob", "BOB", "eve"]
    old = [line("a", number, user) for number, user in enumerate(users)]
    new = [line("b", number, user) for number, user in enumerate(users)]
    changes = compare([*old, line("c", 9)], [*new, line("a", 9)])
    first, second = changes.groups.values()
    assert (first.old, first.new, first.requests, len(first.users), len(first.domains)) == ("a", "b", 4, 2, 1)
    assert first.first[1]["index"] == 0 and (second.old, second.new) == ("c", "a")
    assert first.to_json()["users"] == 2 and changes.changed == 5


@pytest.mark.parametrize(
    "fields",
    [
        {"zone": "Y"},
        {"traffic": "microsoft im and presence"},
        {"searched": "x"},
        {"transform": "t"},
        {"tiers": []},
        {"decided_by": "signed Route"},
    ],
)
def test_every_part_of_a_decision_counts(fields: dict[str, Any]) -> None:
    assert compare([line()], [line(**fields)]).changed == 1


def test_verdicts_of_an_older_version_have_no_decided_by() -> None:
    old = json.loads(line())
    del old["decided_by"]
    assert compare([json.dumps(old)], [line()]).changed == 0


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ([line(call_id="other")], "of another trace: message 1"),
        ([], "fewer requests"),
        ([line(), line()], "more requests"),
        (["nonsense"], "no saved verdict"),
        (["[]"], "no saved verdict"),
        (['{"tiers": 1}'], "no saved verdict"),
    ],
)
def test_other_traces_are_not_compared(old: list[str], message: str) -> None:
    with pytest.raises(SavedError, match=message):
        compare(old, [line()])


def test_a_request_uri_that_cannot_be_read_has_no_user() -> None:
    changes = Changes()
    changes.add(line("a", request_uri="nonsense"), line("b", request_uri="nonsense"))
    (group,) = changes.groups.values()
    assert (group.requests, group.users, group.domains) == (1, set(), set())


def test_saved_lines_are_read_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "saved"
    path.write_text("a\n\nb\n")
    assert list(saved_lines(str(path))) == ["a", "b"]
    with pytest.raises(SavedError, match="cannot be read"):
        list(saved_lines(str(tmp_path / "missing")))


@pytest.mark.parametrize(
    "fields",
    [
        {"decided_by": None},
        {"tiers": None},
        {"tiers": [1]},
        {"tiers": [{"priority": 1}]},
        {"tiers": [{"priority": 1, "stop": True, "targets": [{"rule": "a"}]}]},
    ],
)
def test_saved_lines_of_another_shape(fields: dict[str, Any]) -> None:
    with pytest.raises(SavedError, match="this is no saved verdict"):
        compare([line(**fields)], [line()])
