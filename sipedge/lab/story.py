"""From what the parties and the edges reported to the records of a ladder. Pure.

An arrow is drawn only for what somebody saw: a party that sent or received, an edge that decided. A response that one
party sent and another received is one arrow across the edges, which log decisions and no responses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sipedge.traces.ladder.ladder import Arrow, Heading, Note, Record

from .parties import sip
from .party import Event

IMP, INSIDE, OUTSIDE, SFB = "IM&P node", "inside edge", "outside edge", "SfB Edge"
COLUMNS = (IMP, INSIDE, OUTSIDE, SFB)
_PARTY = {"imp": IMP, "presence": IMP, "behind": IMP, "sfb": SFB}
_BESIDE = {IMP: INSIDE, SFB: OUTSIDE}
_ZONE = {"IMP": IMP, "Inside": INSIDE, "Outside": OUTSIDE, "Microsoft": SFB, "Default Zone": SFB}
"""Where the zones of both edges lead (data/*.toml)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of an edge's decision log."""

    time: float
    edge: str
    """The edge's column."""
    call_id: str
    cseq: str
    label: str
    text: str
    """Which rule or signed Route decided, and the zone."""
    zones: tuple[str, ...]
    """Where it was sent; empty when the log was written before that was known (DNS)."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One message as a party reported it."""

    time: float
    column: str
    direction: str
    message: sip.Message

    @property
    def key(self) -> tuple[str, str, int]:
        return self.message.call_id, self.message.get("CSeq"), self.message.status


def read_decisions(edge: str, lines: Iterable[str]) -> list[Decision]:
    """The edge's own log, one JSON object a line; lines of other kinds are passed over."""
    decisions = []
    for line in lines:
        try:
            entry = json.loads(line)
            decisions.append(_decision(edge, entry))
        except (ValueError, KeyError, TypeError):
            continue
    return decisions


def _decision(edge: str, entry: dict[str, Any]) -> Decision:
    zones = tuple(dict.fromkeys(hop["zone"] for hop in entry["hops"]))
    label = f"{entry['method']} {_short(entry['request_uri'])}".strip()
    return Decision(float(entry["time"]), edge, entry["call_id"], entry["cseq"], label, _reason(entry), zones)


def _reason(entry: dict[str, Any]) -> str:
    if entry["route"]:
        return f"signed Route → {entry['route']}"
    targets = [f'rule "{hit["rule"]}" → {hit["zone"]}' for hit in entry["rules"]]
    return "; ".join(targets) or ("no rule matched" if entry["decided_by"] == "rules" else "answered here")


def tell(events: list[Event], decisions: list[Decision]) -> list[Record]:
    """All records in the order of time."""
    seen = [_seen(event) for event in events if event["event"] == "message"]
    records: list[Record] = [*_messages(seen, decisions), *_decided(decisions, seen)]
    for event in events:
        if event["event"] == "step":
            records.append(Heading(event["time"], event["title"]))
        elif event["event"] in ("client", "log") and event["party"] in _PARTY:
            who = "client shows" if event["event"] == "client" else "log"
            words = ";".join(event["text"].split(";")[:2])  # the rest of ms-diagnostics is details
            records.append(Note(event["time"], _PARTY[event["party"]], f"{who}: {words}"))
    return sorted(records, key=lambda record: record.time)


def _seen(event: Event) -> _Seen:
    head, _, body = event["text"].partition("\r\n\r\n")
    return _Seen(event["time"], _PARTY[event["party"]], event["direction"], sip.parse(head, body.encode("latin-1")))


def _messages(seen: list[_Seen], decisions: list[Decision]) -> Iterable[Record]:
    sent = {(item.key, item.column) for item in seen if item.direction == "sent"}
    received = {(item.key, item.column) for item in seen if item.direction == "received"}
    decided = {(decision.edge, decision.call_id, decision.cseq) for decision in decisions if decision.zones}
    started = {item.message.call_id for item in seen if item.direction == "sent" and not item.message.status}
    for item in seen:
        if item.message.call_id not in started:
            continue  # an edge's own OPTIONS
        beside = _BESIDE[item.column]
        far = SFB if item.column == IMP else IMP
        if item.message.status:
            label = f"{item.message.start.removeprefix('SIP/2.0 ')} ({item.message.method})"
            crossed = (item.key, far) in (received if item.direction == "sent" else sent)
            if crossed and item.direction == "received":
                yield Arrow(item.time, far, item.column, label)
            elif not crossed:
                yield _beside(item, beside, label)
        elif item.direction == "sent" or (beside, item.key[0], item.key[1]) not in decided:
            yield _beside(item, beside, f"{item.message.method} {_short(item.message.uri)}".strip())


def _beside(item: _Seen, beside: str, label: str) -> Arrow:
    if item.direction == "sent":
        return Arrow(item.time, item.column, beside, label)
    return Arrow(item.time, beside, item.column, label)


def _decided(decisions: list[Decision], seen: list[_Seen]) -> Iterable[Record]:
    started = {item.message.call_id for item in seen if item.direction == "sent" and not item.message.status}
    for decision in decisions:
        if decision.call_id not in started:
            continue
        yield Note(decision.time, decision.edge, decision.text)
        for zone in decision.zones:
            yield Arrow(decision.time, decision.edge, _ZONE[zone], decision.label)


def _short(uri: str) -> str:
    """The user, or the first label of a host name; nothing for an address."""
    host = sip.host_of(uri)
    return sip.user_of(uri) or ("" if host[:1].isdigit() else host.partition(".")[0])
