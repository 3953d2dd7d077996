"""Source zone and traffic of a logged search, from the SIP messages that stand near it in the same log.

An Expressway stamps Vias with the names of zones, blanks removed: ``ingress-zone=`` stands in the Via of the message's
sender. A message that the Expressway forwarded or answered therefore names the zone of the request.
The logs in Cisco TAC's "Configure and Troubleshoot Webex Hybrid Call Service Connect" have both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from dialplan.model import Traffic
from sipedge.decision.classification import classify
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address, parse_via
from sipedge.traces.records.record import Direction, Record
from zones.zone import DEFAULT_ZONE

from .referee import Circumstances, squeezed
from .search_log import BoxSearch

NEAR = 35.0
"""Seconds between a search and a message about it: an INVITE may wait for its answer for as long."""
MAX_HINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Hint:
    time: float
    aliases: frozenset[str]
    """Lower case: what a search for this message may have been for."""
    zone: str | None
    traffic: Traffic | None


class Hints:
    """From all messages of a log; then asked for each search."""

    def __init__(self, records: Iterable[Record], settings: Settings) -> None:
        self._zones = {squeezed(zone.name): zone.name for zone in settings.zones}
        self._zones.setdefault(squeezed(DEFAULT_ZONE), DEFAULT_ZONE)
        hints = filter(None, map(self._hint, records))
        self._hints = sorted(islice(hints, MAX_HINTS), key=lambda hint: hint.time)
        self._times = [hint.time for hint in self._hints]

    def of(self, search: BoxSearch) -> Circumstances:
        """The nearest message says it."""
        alias = search.alias.lower()
        start = bisect_left(self._times, search.time - NEAR)
        end = bisect_left(self._times, search.time + NEAR)
        near = sorted(self._hints[start:end], key=lambda hint: abs(hint.time - search.time))
        fitting = [hint for hint in near if alias in hint.aliases]
        zone = next((hint.zone for hint in fitting if hint.zone is not None), None)
        traffic = next((hint.traffic for hint in fitting if hint.traffic is not None), None)
        return Circumstances(zone, traffic)

    def _hint(self, record: Record) -> Hint | None:
        if record.time is None:
            return None
        try:
            message = parse_message(record.data)
        except MessageError:
            return None
        zone = self._ingress(message) if record.direction is not Direction.RECEIVED else None
        traffic = classify(message).traffic if message.is_request else None
        aliases = frozenset(_aliases(message))
        return Hint(record.time, aliases, zone, traffic) if aliases and (zone or traffic) else None

    def _ingress(self, message: Message) -> str | None:
        """Of a request the second Via is the sender's, of an answer the first."""
        vias = message.items("via")
        place = 1 if message.is_request else 0
        if len(vias) <= place:
            return None
        try:
            name = parse_via(vias[place]).parameter("ingress-zone")
        except MessageError:
            return None
        return None if not name else self._zones.get(squeezed(name))


def _aliases(message: Message) -> Iterable[str]:
    """Request-URI, To and each Route, without scheme; Routes as a whole."""
    uris = [message.uri] if message.is_request else []
    uris += [parse_address(message.first("to") or "").uri]
    for text in uris:
        try:
            uri = parse_uri(text.strip())
        except UriError:
            continue
        yield f"{uri.user}@{uri.host}".lower() if uri.user is not None else uri.host
    for route in message.items("route"):
        yield parse_address(route).uri.partition(":")[2].lower()
