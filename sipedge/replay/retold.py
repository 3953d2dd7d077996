"""Decisions made again from an edge's own records of them, without the requests.

A search is pure: what the rules were asked and a plan give the decision and its tree. What comes before the search is
taken from the record: the source zone, the traffic type, whether it was authenticated, a signed Route, a refusal.
"""

from __future__ import annotations

from dialplan.model import Protocol, Query, Target, Tier, Traffic
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.decision.deciding import REFUSED, RULES, SIGNED_ROUTE, explained
from sipedge.sip.message import Message
from sipedge.traces.records.own_decision import OwnDecision
from sipedge.traces.records.record import Record

from .verdict import Decision, Verdict


def query_of(decided: OwnDecision, zone: str) -> Query:
    """What the rules were asked."""
    protocol = Protocol(decided.protocol) if decided.protocol else Protocol.SIP
    return Query(decided.alias, zone, Traffic(decided.traffic), protocol, decided.authenticated)


def explanation_of(decided: OwnDecision, zone: str, plan: CompiledPlan) -> Explanation | None:
    """The tree under a plan: under that of its revision the one that the edge saw, to the byte. None where no rule was
    asked."""
    return explained(query_of(decided, zone), decided.also, plan) if decided.decided_by == RULES else None


def unsearched(decided: OwnDecision, message: Message) -> Decision:
    """Of a request that no rule was asked for."""
    if decided.decided_by == REFUSED:
        return Decision(message.uri, None, (), REFUSED, refused=f"{decided.status} {decided.reason}")
    tiers = (Tier(0, True, (Target("", decided.route, decided.alias),)),)
    return Decision(decided.alias, None, tiers, SIGNED_ROUTE)


def verdict_of(index: int, record: Record, decided: OwnDecision, message: Message, decision: Decision) -> Verdict:
    return Verdict(
        index,
        record.time,
        None if record.source is None else str(record.source),
        None if record.destination is None else str(record.destination),
        message.method,
        message.uri,
        message.call_id,
        message.first("cseq") or "",
        record.zone,
        Traffic(decided.traffic),
        decided.evidence,
        bool(message.to_tag),
        decision,
    )
