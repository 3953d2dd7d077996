"""Messages and decisions as the tap hands them to outputs."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from dialplan.language.parser import parse_dialplan
from dialplan.model import Dialplan, Query, Traffic
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.decision.classification import Classification
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Attempt, Entry
from sipedge.tap.items import Decided, Passed, record_text
from sipedge.tap.writing import Writing
from sipedge.traces.formats import edge_decisions
from sipedge.traces.records.record import Item
from zones.zone import Hop

TIME = 1_780_000_000.25
OPENED = ConnectionOpened(7, "TLS", "192.0.2.2", 40112, "192.0.2.1", 5061)
OPENED_6 = ConnectionOpened(8, "TCP", "2001:db8::2", 40112, "2001:db8::1", 5060)
LINES = (b"From: <sip:ann@near.example>;tag=1", b"To: <sip:bob@far.example>", b"CSeq: 1 MESSAGE")
HEAD = b"MESSAGE sip:bob@far.example SIP/2.0\r\nCall-ID: 1@a\r\nContent-Length: 5\r\n\r\n"


def lines_of(*items: Decided) -> bytes:
    """As ``[log] decisions`` has them."""
    writing = Writing()
    return b"".join(writing.line(item.entry, item.sequence) for item in items)


def record_of(item: Decided) -> dict[str, Any]:
    """The same as values."""
    fields: dict[str, Any] = json.loads(record_text(item.entry, item.sequence))
    return fields


def read_back(lines: bytes) -> list[Item]:
    """What the reader of traces makes of such lines."""
    return list(edge_decisions.read(BytesIO(lines), "decisions"))


def passed(
    head: bytes = HEAD, body: bytes = b"hello", *, sent: bool = False, opened: ConnectionOpened = OPENED
) -> Passed:
    return Passed(len(head) + len(body), TIME, sent, "IMP", opened, head, body)


def entry(explanation: Explanation | None = None, status: int = 200) -> Entry:
    return Entry(
        TIME,
        OPENED,
        "IMP",
        "0" * 64,
        "MESSAGE",
        "sip:bob@far.example",
        "1@a",
        LINES,
        Classification(Traffic.MICROSOFT_IMP, "method MESSAGE"),
        explanation,
        "" if explanation is None else explanation.alias,
        attempts=[Attempt(Hop("Microsoft", address="192.0.2.9", port=5061), status)],
        status=status,
        reason="OK",
        seconds=0.0125,
    )


def decided(explanation: Explanation | None = None, sequence: int = 1) -> Decided:
    return Decided(100, entry(explanation), sequence)


def searched(alias: str, rules: str = "", source: str = "IMP") -> Explanation:
    """What a search with these rules (in the rule language) says."""
    plan = parse_dialplan(rules, "test.dialplan") if rules else Dialplan()
    return CompiledPlan(plan).search(Query(alias, source, Traffic.MICROSOFT_IMP))
