from __future__ import annotations

from dataclasses import replace

from dialplan.language.parser import parse_dialplan
from dialplan.model import Query, Traffic
from dialplan.search.search import CompiledPlan
from sipedge.decision.classification import Classification
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Attempt, Entry, History
from sipedge.sip.message import parse_message
from zones.zone import Hop

RULE = '\nsearch rule "out" { target zone "Out" }\n'
OPENED = ConnectionOpened(7, "TLS", "192.0.2.2", 40112, "192.0.2.1", 5061, names=("imp.example.com",))


def _entry(call_id: str) -> Entry:
    return Entry(
        time=1.5,
        opened=OPENED,
        zone="IMP",
        revision="ab",
        method="MESSAGE",
        request_uri="sip:bob@example.com",
        call_id=call_id,
        lines=(b"f: <sip:ann@near.example>\r\n ;tag=1", b"To: <sip:bob@example.com>", b""),
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


RENDERED = {
    "time": 1.5,
    "ms": 12.346,
    "revision": "ab",
    "connection": 7,
    "transport": "TLS",
    "local": "192.0.2.1:5061",
    "peer": "192.0.2.2:40112",
    "names": ["imp.example.com"],
    "zone": "IMP",
    "method": "MESSAGE",
    "request_uri": "sip:bob@example.com",
    "from": "<sip:ann@near.example> ;tag=1",
    "to": "<sip:bob@example.com>",
    "call_id": "1",
    "cseq": "",
    "traffic": "microsoft im and presence",
    "evidence": "method MESSAGE",
    "decided_by": "rules",
    "alias": "bob@example.com",
    "also": "",
    "protocol": "sip",
    "authenticated": True,
    "transform": None,
    "searched": "bob@example.com",
    "rules": [
        {
            "rule": "out",
            "file": "edge.dialplan",
            "line": 2,
            "priority": 100,
            "stop": False,
            "zone": "Out",
            "alias": "bob@example.com",
        }
    ],
    "more_rules": 0,
    "route": "",
    "hops": [
        {
            "zone": "Out",
            "transport": "TLS",
            "address": address,
            "port": 5061,
            "name": "sip.example.com",
            "connection": 0,
            "status": status,
            "reason": reason,
        }
        for address, status, reason in (("192.0.2.1", 503, "connection refused"), ("192.0.2.3", 404, ""))
    ],
    "more_hops": 0,
    "status": 404,
    "own": False,
    "reason": "Nobody",
    "diagnostics": ['1003;reason="no"'],
}
"""The entry of the next test."""


def test_an_entry_is_rendered_when_asked_for() -> None:
    entry = _entry("1")
    assert [entry.to_json()[key] for key in ("ms", "decided_by", "authenticated", "rules", "hops")] == [
        None, "refused", None, [], [],
    ]  # fmt: skip
    plan = parse_dialplan(RULE, "edge.dialplan")
    entry.explanation = CompiledPlan(plan).search(Query("bob@example.com", "IMP", authenticated=True))
    entry.alias = "bob@example.com"
    hop = Hop("Out", address="192.0.2.1", port=5061, name="sip.example.com")
    entry.attempts += Attempt(hop, 503, "connection refused"), Attempt(replace(hop, address="192.0.2.3"), 404)
    entry.answered(parse_message(b'SIP/2.0 404 Nobody\r\nms-diagnostics: 1003;reason="no"\r\n\r\n'))
    entry.seconds = 0.0123456
    assert entry.to_json() == RENDERED


def test_what_the_edge_refuses_itself_says_so() -> None:
    entry = _entry("1")
    entry.refused(404, "no search rule led anywhere")
    found = entry.to_json()
    assert [found[key] for key in ("status", "own", "reason")] == [404, True, "no search rule led anywhere"]


def test_a_signed_route_names_its_zone_and_asked_no_rule() -> None:
    entry = _entry("1")
    entry.route, entry.alias = "Out", "bob@example.com"
    found = entry.to_json()
    assert [found[key] for key in ("decided_by", "route", "alias", "searched", "protocol")] == [
        "signed Route", "Out", "bob@example.com", None, None,
    ]  # fmt: skip


def test_a_record_is_as_long_with_any_number_of_rules_and_hops() -> None:
    rules = "".join(f'search rule "{number}" {{ target zone "Z{number}" }}\n' for number in range(50))
    entry = _entry("1")
    entry.explanation = CompiledPlan(parse_dialplan(rules, "edge.dialplan")).search(Query("bob@example.com", "IMP"))
    entry.attempts += [Attempt(Hop("Out", address="192.0.2.1"))] * 20
    found = entry.to_json()
    assert [len(found[key]) for key in ("rules", "hops")] == [8, 8]
    assert (found["more_rules"], found["more_hops"]) == (42, 12)


def test_the_size_of_an_entry_grows_with_what_the_peer_wrote() -> None:
    short, long = _entry("1"), _entry("1" * 5000)
    assert long.size - short.size == 4999
