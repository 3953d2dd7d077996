from __future__ import annotations

from dialplan.check import Finding, Level, query_text
from dialplan.model import Location, Query, Traffic


def test_json() -> None:
    query = Query("alice@a", "Z", Traffic.MICROSOFT_IMP, authenticated=True)
    found = Finding("shadowed", Level.NOTE, Location("a", 2, 3), "why", "mend", "r", query)
    assert found.to_json() == {
        "id": "shadowed",
        "level": "note",
        "file": "a",
        "line": 2,
        "column": 3,
        "rule": "r",
        "why": "why",
        "mend": "mend",
        "witness": {
            "alias": "alice@a",
            "zone": "Z",
            "traffic": "microsoft im and presence",
            "method": "MESSAGE",
            "authenticated": True,
        },
    }
    assert Finding("x", Level.ERROR, Location(), "", "").to_json()["witness"] is None


def test_in_words() -> None:
    assert query_text(Query("alice@a", "Z")) == 'alice@a from zone "Z", standard (INVITE)'
    assert query_text(Query("a", "Z", authenticated=True)).endswith(", authenticated")
