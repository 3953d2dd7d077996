"""What worries, raised once and cleared when it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipedge.console.watch.conditions import Condition, Seen, conditions
from sipedge.console.watch.journal import Journal

PEER = {"peer": "192.0.2.1:5061", "state": "alive", "since": None, "problem": ""}
ZONE = {"name": "far", "kind": "neighbor", "connections": 0, "peers": [PEER], "up": None, "problems": []}


FINDING = {"check": "dns.srv", "about": "a.example", "verdict": "failed", "seen": "nothing", "expected": "a record"}


def _status(**changes: Any) -> Any:
    good = {"zones": [ZONE], "certificates": [], "dropped": {}, "services": [], "unconfirmed": None, "went_back": None}
    good |= {"refused_load": None, "doctor": []}
    return good | changes


def _texts(
    status: Any = None,
    problem: str = "",
    history: str = "",
    lost: int = 0,
    unread: int = 0,
    rooms: dict[str, float] | None = None,
) -> list[str]:
    found = conditions(
        Seen(status=status, problem=problem, history=history, lost=lost, unread=unread, rooms=rooms or {}, least=5.0)
    )
    return [each.text for each in found]


def test_where_all_is_well_there_is_none() -> None:
    assert _texts(_status()) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"zones": [ZONE | {"peers": [PEER | {"state": "failed", "problem": "refused"}]}]}, "does not answer: refused"),
        ({"zones": [ZONE | {"up": False}]}, 'No connection of traversal zone "far" is up'),
        ({"zones": [ZONE | {"problems": ["x.example: no address"]}]}, 'Zone "far": x.example: no address'),
        ({"certificates": [{"file": "a.pem", "ends": 0.0, "days_left": 3.2}]}, "a.pem ends in 3 days"),
        ({"certificates": [{"file": "a.pem", "ends": 0.0, "days_left": -2.0}]}, "a.pem ended 2 days ago"),
        ({"dropped": {"decisions file": 4}}, "The edge has lost 4 lines of decisions file"),
        ({"services": [{"name": "prosody", "active": False, "reason": ""}]}, "prosody is not active: it is starting"),
        ({"unconfirmed": {"left": 3.0, "back_to": "a"}}, "on trial"),
        (
            {"went_back": {"revision": "ab", "at": 1.0, "why": "9 of 9"}},
            "Revision ab was on trial and is undone: 9 of 9",
        ),
        (
            {
                "refused_load": {
                    "at": 1.0,
                    "sentence": "it has mistakes",
                    "problems": ["edge.dialplan:3:5: no such zone"],
                }
            },
            "has changed nothing: it has mistakes; edge.dialplan:3:5: no such zone",
        ),
        ({"doctor": [FINDING]}, "Doctor: dns.srv of a.example: nothing, expected: a record"),
    ],
)
def test_each_trouble_has_a_sentence(changes: dict[str, Any], text: str) -> None:
    found = _texts(_status(**changes))
    assert len(found) == 1 and text in found[0]


def test_what_the_console_itself_lacks_counts_too() -> None:
    rooms = {"/var/lib/sipedge": 4.96, "/etc": 5.0}
    assert _texts(problem="nobody there", history="there is no history", lost=7, unread=2, rooms=rooms) == [
        "The edge does not answer: nobody there",
        "There is no history",
        "2 lines of the file of decisions are no decisions",
        "The disk of /var/lib/sipedge is nearly full: 5.0 % are free",
        "7 decisions were put aside by the edge before they could be read",
    ]


def test_alarms_are_raised_once_seen_by_somebody_and_cleared(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.judge([Condition("a", "it burns"), Condition("b", "it rains")])
    assert not journal.judge([Condition("a", "it burns a lot"), Condition("b", "it rains")])
    first = journal.alarms(10)[-1]
    assert (first.text, first.cleared, first.seen_by) == ("it burns a lot", None, "")
    assert journal.see(first.number, "ann") and not journal.see(first.number, "bob")
    assert journal.judge([Condition("b", "it rains")])
    last, over = journal.alarms(10)
    assert last.text == "it rains" and over.cleared is not None and over.seen_by == "ann"
    assert [each.kind for each in journal.events(10)] == ["cleared", "alarm", "alarm"]
    assert [each.text for each in journal.events(10, "alarm", "rains")] == ["it rains"]
    journal.close()
    again = Journal(tmp_path)
    assert not again.judge([Condition("b", "it rains")]), "a restart raises nothing anew"
    again.close()
