"""What the plan would do now with one recorded request: the record that replay prints, saves and compares."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as _text
from typing import Any

from dialplan.model import Tier, Traffic
from sipedge.decision.deciding import REFUSED, RULES
from sipedge.printable import escaped
from sipedge.traces.records.record import iso_time

STALE_ROUTE = "a Route names this edge, but its token is not valid with this secret"
VOID_ROUTE = RULES + " ({})"
"""The rules were asked although a Route names this edge, and why."""
AGE_NOT_JUDGED = "signed Route (its age is not judged: the trace does not say when)"
NOT_JUDGED = "a Route that is not judged (no secret)"
"""A Route names this edge, but whether its token is the edge's nobody can say."""
UNSEEN = "not judged: the trace does not show how its call began"
"""A request to a Contact that the edge has in a call of a b2bua zone."""
SENT = "sent by the edge"
NO_CERTIFICATE = "not judged: the trace holds no certificate"
NO_DNS = "not judged: the DNS would be asked whether the certificate vouches for it"
"""It is the edge's own, or of the box whose log it is: the decision stands at the request that was received."""


@dataclass(frozen=True)
class Decision:
    """Shared by all requests that are decided alike."""

    searched: str
    """The alias after the transform."""
    transform: str | None
    tiers: tuple[Tier, ...]
    decided_by: str = RULES
    alias: str = ""
    """As the rules were asked, before the transform."""
    authenticated: bool = False
    refused: str = ""
    """The status and why, where the edge refuses the request at once."""

    def to_json(self) -> dict[str, Any]:
        return {
            "searched": self.searched,
            "transform": self.transform,
            "tiers": [
                {
                    "priority": tier.priority,
                    "stop": tier.stop,
                    "targets": [{"rule": one.rule, "zone": one.zone, "alias": one.alias} for one in tier.targets],
                }
                for tier in self.tiers
            ],
            "decided_by": self.decided_by,
            "refused": self.refused,
        }

    @property
    def text(self) -> str:
        """The members of ``to_json`` as JSON text without braces; made once."""
        made = self.__dict__.get("_text")
        if made is None:
            made = self.__dict__["_text"] = json.dumps(self.to_json())[1:-1]
        return str(made)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_text"}


@dataclass(slots=True)
class Verdict:
    """One request and its decision. ``index`` counts all messages of all traces from 1, responses
    too, as ``sipedge messages`` does."""

    index: int
    time: float | None
    source: str | None
    destination: str | None
    method: str
    request_uri: str
    call_id: str
    cseq: str
    zone: str
    """The source zone."""
    traffic: Traffic
    evidence: str
    """What decided the traffic type."""
    in_dialog: bool
    """The request has a To tag (RFC 3261 12.2)."""
    decision: Decision
    sent: bool = False
    """Sent by this edge, or by the box whose log it is: the decision about it was made when it was received."""
    from_policy: str = ""
    """NO_CERTIFICATE or NO_DNS where whether the sender may speak for the domain in From could not be judged."""
    asked: str = field(default="", compare=False, repr=False)
    ending: str = field(default="", compare=False, repr=False)
    """``asking`` and ``end``, where they were made before."""

    def to_json(self) -> dict[str, Any]:
        """The keys that docs/replay.md promises."""
        return {
            "index": self.index,
            "time": iso_time(self.time),
            "source": self.source,
            "destination": self.destination,
            "method": self.method,
            "request_uri": self.request_uri,
            "call_id": self.call_id,
            "cseq": self.cseq,
            "zone": self.zone,
            "traffic": self.traffic.value,
            "evidence": self.evidence,
            "in_dialog": self.in_dialog,
            **self.decision.to_json(),
            "sent": self.sent,
            "from_policy": self.from_policy,
        }

    def line(self) -> str:
        """As JSON: ``json.dumps(self.to_json())``."""
        return numbered(self.index, self.tail())

    def tail(self) -> str:
        """``line`` without its beginning, several times as fast as the library: parts are numbered later."""
        ends = ends_text(self.source, self.destination)
        return tail_of(self.time, ends, self.asked or self.asking(), self.call_id, self.cseq, self.ending or self.end())

    def asking(self) -> str:
        """The members that say what was asked for."""
        return f'"method": {_text(self.method)}, "request_uri": {_text(self.request_uri)}'

    def end(self) -> str:
        """The members that requests which are decided alike have in common."""
        return (
            f', "zone": {_text(self.zone)}, "traffic": {_text(self.traffic.value)}, '
            f'"evidence": {_text(self.evidence)}, "in_dialog": {"true" if self.in_dialog else "false"}, '
            f'{self.decision.text}, "sent": {"true" if self.sent else "false"}, '
            f'"from_policy": {_text(self.from_policy)}}}'
        )


def ends_text(source: str | None, destination: str | None) -> str:
    """Members of a verdict."""
    begin = "null" if source is None else _text(source)
    return f'"source": {begin}, "destination": {"null" if destination is None else _text(destination)}'


def tail_of(time: float | None, ends: str, asked: str, call_id: str, cseq: str, ending: str) -> str:
    """``ends``, ``asked`` and ``ending``: members as text."""
    told = iso_time(time)
    clock = "null" if told is None else f'"{told}"'
    return f', "time": {clock}, {ends}, {asked}, "call_id": {_text(call_id)}, "cseq": {_text(cseq)}{ending}'


def numbered(index: int, tail: str) -> str:
    return f'{{"index": {index}{tail}'


def row(verdict: Verdict) -> str:
    """One line for people, without its index; columns of fixed width, so that it can be made before the next."""
    clock = "" if verdict.time is None else f"{iso_time(verdict.time) or '':.26}"[11:]
    zone, decision = escaped(verdict.zone), verdict.decision
    zone = f"({zone:.18})" if verdict.sent else f"{zone:.20}"
    targets = [f"{one.zone} as {one.alias}" for tier in decision.tiers for one in tier.targets]
    rules = label(decision.to_json())
    outcome = f"{rules} -> {'; '.join(targets)}" if targets else rules
    mark = "*" if verdict.in_dialog else " "
    head = f"{clock:<15} {escaped(verdict.method)[:9]:<9}{mark} {zone:<20} {verdict.traffic.value:<25}"
    return f"{head} {escaped(decision.searched)}: {escaped(outcome)}"


HEADER = f"{'':>6} {'time':<15} {'method':<10} {'from zone':<20} {'traffic':<25} alias: decision"
"""Above rows with their index in front, six wide; ``*`` marks requests in a dialog, brackets what was sent."""


def label(decision: dict[str, Any]) -> str:
    """The deciding rules of a decision (``to_json``) in a few words; tiers one after the other."""
    decided_by = str(decision["decided_by"])
    if decided_by == REFUSED:
        return f"refused: {decision['refused']}"
    if decided_by.partition(" ")[0] != RULES:
        return decided_by
    tiers = (" + ".join(one["rule"] for one in tier["targets"]) for tier in decision["tiers"])
    return ", then ".join(tiers) or "no rule"
