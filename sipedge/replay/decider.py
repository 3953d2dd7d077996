"""Recorded requests in, verdicts out, by the functions that the edge itself calls.

No state from one to the next, but for calls of b2bua zones where these are followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

from dialplan.model import Query
from dialplan.search.search import Explanation
from sipedge.decision.classification import classify
from sipedge.decision.deciding import (
    CANCELS,
    EDGE,
    REFUSED,
    RULES,
    SIGNED_ROUTE,
    Cancellation,
    Decided,
    OwnOptions,
    decide,
    explained,
    tiers_of,
)
from sipedge.decision.deciding import Decision as EdgeDecision
from sipedge.decision.installation import Installation
from sipedge.decision.record_route import HOUR, ZonePair
from sipedge.decision.validation import Refusal
from sipedge.settings import Settings
from sipedge.sip.framing import stated_length
from sipedge.sip.message import HeaderIndex, Message, parse_message
from sipedge.sip.uri import UriError, split_host_port
from sipedge.sip.values import MessageError
from sipedge.traces.records.own_decision import OwnDecision
from sipedge.traces.records.record import Direction, Endpoint, Record, Skipped
from zones.addresses import canonical_address
from zones.names import PeerNames
from zones.zone import DEFAULT_ZONE, AuthenticationPolicy, FromDomain, Topology

from .calls import JOINING, SeenCalls, Unseen
from .retold import explanation_of, query_of, unsearched, verdict_of
from .source_zone import SourceZones
from .unreadable import unreadable
from .usual.key import Key, Way, is_by_method, is_short, key_of
from .usual.requests import Usual, UsualRequests
from .verdict import (
    AGE_NOT_JUDGED,
    NO_CERTIFICATE,
    NO_DNS,
    NOT_JUDGED,
    SENT,
    STALE_ROUTE,
    UNSEEN,
    VOID_ROUTE,
    Decision,
    Verdict,
    ends_text,
    tail_of,
)

OWN_NAME = "edge"
"""Of the edge itself, among names of zones."""
STREAMS = ("tcp", "tls")
_KEPT = 65_536
"""Decisions remembered: a trace asks the same few questions again and again."""


class Decider:
    """One configuration, asked about records of traces."""

    def __init__(
        self,
        settings: Settings,
        said: Mapping[str, str] | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """``said``, ``names``: see SourceZones."""
        self.settings = settings
        self.installation = Installation(settings, {})
        self._sources = SourceZones(self.installation, said or {}, names)
        self.untold = self._sources.untold
        """Zones of which this trace cannot tell, see SourceZones."""
        self._searches: dict[tuple[Query, str, str], Decision] = {}
        self._index: HeaderIndex | None = None
        """Of the message before: the headers of the next one are often the same."""
        self._usual = UsualRequests(self.installation.edge.hosts)
        self._ways: dict[tuple[object, ...], Way] = {}
        self._alike: dict[Key, Verdict] = {}
        self._calls: SeenCalls | None = None
        """None: they are not followed."""
        self._own = {canonical_address(listener.address) for listener in settings.listeners} - {"", "0.0.0.0", "::"}

    def follow_calls(self) -> bool:
        """Whether there are b2bua zones. Then ``decide`` is to be shown all messages of a trace from now on, in order,
        and what it knows of calls is forgotten."""
        is_b2bua = any(zone.topology is Topology.B2BUA for zone in self.settings.zones)
        self._calls = SeenCalls(self.installation) if is_b2bua else None
        return is_b2bua

    def _hear(self, record: Record) -> None:
        """A response."""
        if self._calls is not None:
            with suppress(MessageError):
                message = parse_message(record.data)
                if message.cseq[1] in JOINING:
                    self._calls.answered(message, self._zone_behind(record), self._is_sent(record))

    def _zone_behind(self, record: Record) -> str:
        """Of the peer that got a message or sent it."""
        end = record.destination if self._is_sent(record) else record.source
        return record.zone or (DEFAULT_ZONE if end is None else self._sources.of_address(end))

    def decide(self, index: int, record: Record) -> Verdict | Skipped | None:
        """None for a response; Skipped for a request that cannot be read at all."""
        if (again := self._again(index, record)) is not None:
            return again
        if is_response(record.data):
            self._hear(record)
            return None
        try:
            message = parse_message(record.data, self._index)
        except MessageError as error:
            return Skipped(record.file, record.position, f"a request cannot be read: {error}")
        self._index = message.index
        if not message.is_request:
            return None
        verdict = self.verdict(index, record, message)
        if self._calls is None:  # else a decision may depend on what came before
            self._keep(record, message, verdict)
        return verdict

    def tail_again(self, record: Record) -> str | None:
        """``Verdict.tail`` of what ``decide`` would give, where it is remembered; else None.

        Without a verdict that nobody else wants, a request takes three quarters of the time (tools/bench/replay.py).
        """
        found = self._remembered(record)
        if found is None:
            return None
        usual, way, like = found
        call_id, cseq = usual[5].decode("utf-8", "surrogateescape"), usual[6].decode("ascii")
        return tail_of(record.time, way.text, like.asked, call_id, cseq, like.ending)

    def _again(self, index: int, record: Record) -> Verdict | None:
        """The verdict on a usual request like one before, by its key: as ``verdict`` would give it."""
        found = self._remembered(record)
        if found is None:
            return None
        usual, way, like = found
        return Verdict(
            index,
            record.time,
            way.source,
            way.destination,
            like.method,
            like.request_uri,
            usual[5].decode("utf-8", "surrogateescape"),
            usual[6].decode("ascii"),
            like.zone,
            like.traffic,
            like.evidence,
            like.in_dialog,
            like.decision,
            False,
            like.from_policy,
            like.asked,
            like.ending,
        )

    def _remembered(self, record: Record) -> tuple[Usual, Way, Verdict] | None:
        """What was read of a usual request, and the verdict on one like it."""
        if self._calls is not None:  # a decision may depend on what came before
            return None
        usual, source = self._usual.read(record.data), record.source
        if usual is None or source is None or record.decided is not None:
            return None
        way = self._way(source, record)
        like = None if way.sent else self._alike.get(key_of(usual, way, record.names))
        return None if like is None else (usual, way, like)

    def _keep(self, record: Record, message: Message, verdict: Verdict) -> None:
        """For requests like it, where the rules decided and nothing can have had a say that is no part of the key."""
        if self.installation.border is not None or record.source is None or record.decided is not None:
            return
        self._usual.show(message.index)
        usual = self._usual.read(record.data)
        if usual is None or verdict.sent or verdict.decision.decided_by != RULES:
            return
        key = key_of(usual, self._way(record.source, record), record.names)
        if not is_short(key) or not is_by_method(message, verdict.traffic, verdict.evidence):
            return
        if len(self._alike) >= _KEPT:
            self._alike.clear()
        verdict.asked, verdict.ending = verdict.asking(), verdict.end()
        self._alike[key] = verdict

    def _way(self, source: Endpoint, record: Record) -> Way:
        ends = (record[1:5], record.zone)  # a slice takes a third of the time of its fields
        way = self._ways.get(ends)
        if way is None:
            zone = self._sources.of_sender(source, record)
            checks = self.installation.source(zone).authentication_policy is not AuthenticationPolicy.DO_NOT_CHECK
            judges = zone in self.installation.from_policies
            destination = None if record.destination is None else str(record.destination)
            text = ends_text(str(source), destination)
            way = Way(str(source), destination, text, zone, self._is_sent(record), checks or judges, judges)
            if len(self._ways) >= _KEPT:
                self._ways.clear()
            self._ways[ends] = way
        return way

    def is_own(self, end: Endpoint | None) -> bool:
        """Whether an address of a trace is one of this edge's listeners."""
        return end is not None and _canonical(end.host) in self._own

    def _is_sent(self, record: Record) -> bool:
        """Whether this edge sent it. What the box whose log it is sent to this edge's address is what the edge got."""
        if self.is_own(record.source):
            return True
        return record.direction is Direction.SENT and not self.is_own(record.destination)

    def name_of(self, host: str) -> str:
        """``edge``, or the zone of a peer at this address; '' for a stranger. ``host``: as a trace shows it."""
        end = Endpoint(*_host_port(host))
        if self.is_own(end):
            return OWN_NAME
        zone = self._sources.of_address(end)
        return "" if zone == DEFAULT_ZONE else zone

    def explanation(self, record: Record) -> tuple[Explanation, str] | None:
        """Why the rules decide so about a request, and the evidence of its traffic type; None where no rule is asked.

        Raises MessageError.
        """
        message = parse_message(record.data)
        if record.decided is not None:
            told = explanation_of(record.decided, record.zone, self.settings.plan)
            return None if told is None else (told, record.decided.evidence)
        found = self._decided(record, message, self._sources.of(record, message)) if message.is_request else None
        if not isinstance(found, Decided) or found.routes.pair is not None:
            return None
        return explained(found.query, found.also, self.settings.plan), found.classification.evidence

    def verdict(self, index: int, record: Record, message: Message) -> Verdict:
        if record.decided is not None:
            return self._retold(index, record, record.decided, message)
        zone = self._sources.of(record, message)
        decided = self._decided(record, message, zone)
        if self._calls is not None:
            self._follow(self._calls, record, message, zone, decided)
        classification = decided.classification if isinstance(decided, Decided) else classify(message)
        return Verdict(
            index,
            record.time,
            None if record.source is None else str(record.source),
            None if record.destination is None else str(record.destination),
            message.method,
            message.uri,
            message.call_id,
            message.first("cseq") or "",
            zone,
            classification.traffic,
            classification.evidence,
            bool(message.to_tag),
            self._made(message, decided, record.time),
            decided is None,
            self._from_policy(decided, record) if isinstance(decided, Decided) else "",
        )

    def _retold(self, index: int, record: Record, decided: OwnDecision, message: Message) -> Verdict:
        """Of what the edge itself wrote down."""
        if decided.decided_by == RULES:
            decision = self._searched(query_of(decided, record.zone), decided.also, RULES)
        else:
            decision = unsearched(decided, message)
        return verdict_of(index, record, decided, message, decision)

    def _decided(self, record: Record, message: Message, zone: str) -> EdgeDecision | Unseen | None:
        """None for the edge's own request."""
        if self._is_sent(record):
            return None
        names = None if record.names is None else PeerNames(record.names)
        source = self.installation.source(zone)
        odd = _misframed(record, message) or _malformed(record, message)
        if odd is not None:
            return odd
        arrival = None if self._calls is None or message.method == "CANCEL" else self._calls.arriving(message, zone)
        if isinstance(arrival, Refusal | Unseen):
            return arrival
        message, routes = (message, None) if arrival is None else (arrival.message, arrival.routes)
        return decide(message, source, self.installation, names, time=record.time, kept=routes)

    def _follow(
        self, calls: SeenCalls, record: Record, message: Message, zone: str, decided: EdgeDecision | Unseen | None
    ) -> None:
        if isinstance(decided, Decided):
            calls.received(message, zone)
        elif decided is None:
            with suppress(MessageError):
                calls.sent(message, self._zone_behind(record))

    def _from_policy(self, decided: Decided, record: Record) -> str:
        """What the edge would have judged and a trace does not show; '' where all was."""
        if decided.asks:
            return NO_DNS
        policy = self.installation.from_policies.get(decided.source.name)
        asks = policy is not None and policy.kind is FromDomain.CERTIFICATE
        return NO_CERTIFICATE if asks and record.names is None else ""

    def _made(self, message: Message, decision: EdgeDecision | Unseen | None, time: float | None) -> Decision:
        """``decision`` None: of the edge's own request."""
        if isinstance(decision, Unseen):
            return Decision(message.uri, None, (), UNSEEN)
        if decision is None:
            return Decision("", None, (), SENT)
        if isinstance(decision, Refusal):
            return Decision(message.uri, None, (), REFUSED, refused=f"{decision.status} {decision.reason}")
        if isinstance(decision, Cancellation):
            return Decision(decision.alias, None, (), CANCELS)
        if isinstance(decision, OwnOptions):
            return Decision(decision.alias, None, (), EDGE)
        if decision.routes.pair is not None:
            tiers, _ = tiers_of(decision, self.settings)
            judged = self._age_is_judged(decision.routes.pair, time)
            return Decision(decision.alias, None, tiers, SIGNED_ROUTE if judged else AGE_NOT_JUDGED)
        if not (decision.routes.own and message.to_tag):
            return self._searched(decision.query, decision.also, RULES)
        if self.settings.secret_made_up:
            return Decision(decision.alias, None, (), NOT_JUDGED)
        decided_by = VOID_ROUTE.format(decision.reason or STALE_ROUTE)
        return self._searched(decision.query, decision.also, decided_by)

    def _age_is_judged(self, pair: ZonePair, time: float | None) -> bool:
        """A trace without dates has its messages before the token was signed."""
        if pair.issued and not self.settings.route_age:
            return True
        return time is not None and time >= pair.issued * HOUR

    def _searched(self, query: Query, also: str, decided_by: str) -> Decision:
        key = (query, also, decided_by)
        found = self._searches.get(key)
        if found is None:
            explanation = explained(query, also, self.settings.plan)
            found = Decision(
                explanation.searched,
                explanation.transform,
                explanation.tiers,
                decided_by,
                alias=query.alias,
                authenticated=query.authenticated,
            )
            if len(self._searches) >= _KEPT:
                self._searches.clear()
            self._searches[key] = found
        return found


def _misframed(record: Record, message: Message) -> Refusal | None:
    """What the edge refuses before it decides: over a stream a message needs one sound Content-Length (RFC 3261 18.3).

    Only the bytes of the wire show that; a log may have lost the header.
    """
    if not record.exact or record.transport not in STREAMS:
        return None
    try:
        stated_length(message)
    except MessageError as error:
        return Refusal(error.status, error.reason)
    return None


def _malformed(record: Record, message: Message) -> Refusal | None:
    """What the edge's strict parser refuses; of a log that was put together again nobody knows what came."""
    header = unreadable(message) if record.exact else ""
    return Refusal(400, f"malformed header {header}") if header else None


_canonical = lru_cache(maxsize=4096)(canonical_address)


def is_response(data: bytes) -> bool:
    """By the start line, sooner than a parser can say it."""
    return data.startswith(b"SIP/2.0 ") or (data[:1] in _S and data[:8].upper() == b"SIP/2.0 ")


_S = (b"S", b"s")


def _host_port(text: str) -> tuple[str, int | None]:
    """Of a column's name: an address (IPv6 without brackets unless a port follows) or a host name."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    try:
        return split_host_port(text)
    except UriError:
        return text, None
