from __future__ import annotations

from dialplan.model import Dialplan, Query, Traffic
from dialplan.search.search import CompiledPlan
from sipedge.decision.classification import Classification
from sipedge.proxy.history import Entry, History
from zones.zone import Hop


def _entry(call_id: str) -> Entry:
    return Entry(
        time=1.5,
        connection=7,
        zone="IMP",
        method="MESSAGE",
        request_uri="sip:bob@example.com",
        call_id=call_id,
        cseq="1 MESSAGE",
        classification=Classification(Traffic.MICROSOFT_IMP, "method MESSAGE"),
    )


def test_the_newest_comes_first_and_the_oldest_goes() -> None:
    history = History(3)
    for number in range(5):
        history.add(_entry(str(number)))
    assert [entry.call_id for entry in history] == ["4", "3", "2"]
    assert len(history) == 3


def test_a_history_of_no_size_keeps_nothing() -> None:
    history = History(0)
    history.add(_entry("1"))
    assert list(history) == []


def test_a_reload_may_change_the_size() -> None:
    history = History(3)
    for number in range(3):
        history.add(_entry(str(number)))
    assert [entry.call_id for entry in history.resized(2)] == ["2", "1"]
    assert [entry.call_id for entry in history.resized(9)] == ["2", "1", "0"]


def test_an_entry_is_rendered_when_asked_for() -> None:
    entry = _entry("1")
    assert entry.to_json()["search"] is None
    entry.explanation = CompiledPlan(Dialplan()).search(Query("bob@example.com", "IMP"))
    entry.hops.append(Hop("DNS", address="192.0.2.1", port=5061, name="sip.example.com"))
    entry.status = 200
    assert entry.to_json() == {
        "time": 1.5,
        "connection": 7,
        "zone": "IMP",
        "method": "MESSAGE",
        "request_uri": "sip:bob@example.com",
        "call_id": "1",
        "cseq": "1 MESSAGE",
        "traffic": "microsoft im and presence",
        "evidence": "method MESSAGE",
        "search": {
            "alias": "bob@example.com",
            "transform": None,
            "searched": "bob@example.com",
            "tiers": [],
            "trace": [],
        },
        "route": "",
        "hops": [
            {
                "zone": "DNS",
                "transport": "TLS",
                "address": "192.0.2.1",
                "port": 5061,
                "name": "sip.example.com",
                "connection": 0,
            }
        ],
        "status": 200,
    }
