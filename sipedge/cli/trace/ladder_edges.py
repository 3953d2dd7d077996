"""What the configurations of edges say about a ladder: the rule under a request, the names of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sipedge.replay.decider import OWN_NAME, Decider
from sipedge.replay.verdict import label
from sipedge.traces.ladder.flow import Parties, Sighting, sighting
from sipedge.traces.records.record import Endpoint, Record


class Edges:
    """The edges of a trace, each with a configuration of its own."""

    def __init__(self, deciders: Sequence[Decider], sightings: Iterable[Sighting]) -> None:
        self._deciders = deciders
        self._files: dict[str, Decider | None] = {}
        """Files that one box wrote -> the edge that it is, None for another box."""
        for seen in sightings:
            for one in (seen, seen.received):
                if one is not None and one.record.local is not None and not self._files.get(one.record.file):
                    self._files[one.record.file] = self._owner(one.record.local)
        if len(deciders) == 1 and not any(self._files.values()):
            self._files.clear()

    def note(self, seen: Sighting) -> str:
        """The deciding rule of a request, where one of the edges received it; that edge did not send it itself."""
        seen = _as_on_the_wire(seen.received or seen)
        if seen.message is None or not seen.message.is_request:
            return ""
        decider = self._receiver(seen.record)
        if decider is None:
            return ""
        verdict = decider.verdict(seen.index, seen.record, seen.message)
        if verdict.sent:
            return ""
        decision = verdict.decision
        zones = ", ".join(target.zone for tier in decision.tiers for target in tier.targets)
        return f"{label(decision.to_json())} -> {zones}" if zones else label(decision.to_json())

    def titles(self, parties: Parties) -> dict[str, str]:
        """Columns named after zones and edges: ``IMP 192.0.2.10``, ``edge 203.0.113.1``."""
        named = ((party, self._name(party)) for party in parties.columns)
        return {party: f"{name} {party}" for party, name in named if name}

    def _receiver(self, record: Record) -> Decider | None:
        if record.file in self._files:
            return self._files[record.file]
        owner = self._owner(record.destination)
        return owner or (self._deciders[0] if len(self._deciders) == 1 else None)

    def _owner(self, end: Endpoint | None) -> Decider | None:
        return next((decider for decider in self._deciders if decider.is_own(end)), None)

    def _name(self, party: str) -> str:
        """Of several edges by their host names; what is an edge is no peer."""
        names = [(decider, decider.name_of(party)) for decider in self._deciders]
        own = next((decider for decider, name in names if name == OWN_NAME), None)
        if own is not None:
            return OWN_NAME if len(self._deciders) == 1 else own.settings.system_name
        return next((name for _, name in names if name), "")


def _as_on_the_wire(seen: Sighting) -> Sighting:
    """What the edge has read itself: its signed Routes count with the Call-ID that they were signed for only."""
    wire = seen.record.wire
    return seen if wire is None else sighting(seen.index, seen.record._replace(data=wire, wire=None))
