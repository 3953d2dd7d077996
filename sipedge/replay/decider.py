"""Recorded requests in, verdicts out, by the functions that the edge itself calls; no state from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from dialplan.model import Query, Traffic
from sipedge.decision.classification import classify
from sipedge.decision.deciding import authentication_of, is_for_the_edge, query_of_request, refuses_route, tier_of
from sipedge.decision.installation import Installation
from sipedge.decision.routing import RouteInformation, alias_of_routes, read_routes, source_may_speak
from sipedge.settings import Settings
from sipedge.sip.message import Message, MessageError, parse_message
from sipedge.sip.uri import UriError, parse_uri, split_host_port
from sipedge.traces.records.record import Direction, Endpoint, Record, Skipped
from zones.addresses import canonical_address
from zones.authentication import Authentication
from zones.zone import DEFAULT_ZONE, AnyZone, DefaultZone

from .source_zone import SourceZones
from .verdict import CANCELS, EDGE, RULES, SIGNED_ROUTE, STALE_ROUTE, Decision, Verdict

Key = TypeVar("Key")
_KEPT = 65_536
"""Decisions remembered: a trace asks the same few questions again and again."""


class Decider:
    """One configuration, asked about records of traces."""

    def __init__(self, settings: Settings, said: Mapping[str, str] | None = None) -> None:
        """``said``: see SourceZones."""
        self.settings = settings
        self.installation = Installation(settings, {})
        self._sources = SourceZones(self.installation, said or {})
        self._searches: dict[tuple[Query, str], Decision] = {}
        self._plain: dict[tuple[str, str, str, Traffic, Authentication], Decision] = {}
        self._local_zone = DefaultZone()
        self._own = {canonical_address(listener.address) for listener in settings.listeners} - {"", "0.0.0.0", "::"}

    def decide(self, index: int, record: Record) -> Verdict | Skipped | None:
        """None for a response; Skipped for a request that cannot be read at all."""
        if is_response(record.data):
            return None
        try:
            message = parse_message(record.data)
        except MessageError as error:
            return Skipped(record.file, record.position, f"a request cannot be read: {error}")
        if not message.is_request:
            return None
        return self.verdict(index, record, message)

    def is_own(self, end: Endpoint | None) -> bool:
        """Whether an address of a trace is one of this edge's listeners."""
        return end is not None and canonical_address(end.host) in self._own

    def name_of(self, host: str) -> str:
        """``edge``, or the zone of a peer at this address; '' for a stranger. ``host``: as a trace shows it."""
        end = Endpoint(*_host_port(host))
        if self.is_own(end):
            return "edge"
        zone = self._sources.of_address(end)
        return "" if zone == DEFAULT_ZONE else zone

    def verdict(self, index: int, record: Record, message: Message) -> Verdict:
        zone = self._sources.of(record, message)
        classification = classify(message)
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
            self._decision(message, zone, classification.traffic),
            record.direction is Direction.SENT or self.is_own(record.source),
        )

    def _decision(self, message: Message, zone: str, traffic: Traffic) -> Decision:
        source = self._zone(zone)
        authentication = authentication_of(message, source, self.installation.domains)
        if message.to_tag is not None or "route" in message.index:
            return self._decided(message, source, zone, traffic, authentication)
        # Nothing else of a request counts that has no Route and is in no dialog.
        key = (message.method, message.uri, zone, traffic, authentication)
        found = self._plain.get(key)
        if found is None:
            found = self._decided(message, source, zone, traffic, authentication)
            _remember(self._plain, key, found)
        return found

    def _decided(
        self, message: Message, source: AnyZone, zone: str, traffic: Traffic, authentication: Authentication
    ) -> Decision:
        """As ``RequestPath`` does it, without what depends on the moment (loops, hop count, credentials)."""
        installation = self.installation
        try:
            routes = read_routes(message, parse_uri(message.uri), installation.edge, installation.key)
        except UriError as error:
            return Decision(message.uri, None, (), f"refused: 400 {error}")
        if message.method == "CANCEL":  # it goes where its INVITE went (RFC 3261 16.10)
            return self._without_search(routes, CANCELS)
        if is_for_the_edge(message, routes, installation.edge):
            return self._without_search(routes, EDGE)
        if routes.pair is not None and source_may_speak(routes.pair, zone, installation.outside):
            tier = tier_of(routes.pair, routes, self.settings)
            return Decision(tier.targets[0].alias, None, (tier,), SIGNED_ROUTE)
        routes.pair = None
        if refuses_route(message, routes, source):
            return self._without_search(routes, "refused: 404 Policy Response (preloaded Route)")
        query = query_of_request(routes, zone, traffic, authentication, self.settings)
        return self._searched(query, STALE_ROUTE if routes.own and message.to_tag else RULES)

    def _without_search(self, routes: RouteInformation, decided_by: str) -> Decision:
        return Decision(alias_of_routes(routes, self.settings), None, (), decided_by)

    def _searched(self, query: Query, decided_by: str) -> Decision:
        key = (query, decided_by)
        found = self._searches.get(key)
        if found is None:
            explanation = self.settings.plan.search(query)
            found = Decision(
                explanation.searched,
                explanation.transform,
                explanation.tiers,
                decided_by,
                query.alias,
                query.authenticated,
            )
            _remember(self._searches, key, found)
        return found

    def _zone(self, name: str) -> AnyZone:
        """The Local Zone, which is none of the table, has no settings of its own."""
        return self.installation.zones.get(name) or self._local_zone


def _remember(decisions: dict[Key, Decision], key: Key, decision: Decision) -> None:
    if len(decisions) >= _KEPT:
        decisions.clear()
    decisions[key] = decision


def is_response(data: bytes) -> bool:
    """By the start line, sooner than a parser can say it."""
    return data.startswith(b"SIP/2.0 ") or data[:8].upper() == b"SIP/2.0 "


def _host_port(text: str) -> tuple[str, int | None]:
    """Of a column's name: an address (IPv6 without brackets unless a port follows) or a host name."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    try:
        return split_host_port(text)
    except UriError:
        return text, None
