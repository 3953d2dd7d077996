"""One hop seen at both ends: by the log of who sent a message, and by the log of who received it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace

from sipedge.traces.records.record import Direction, Endpoint

from .flow import Sighting

_EPHEMERAL = 32_768
"""Ports that clients get begin about there (RFC 6335 section 6 says 49152, Linux 32768)."""


def joined(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Those of two logs that are one message on one hop as one, which stands where it was sent."""
    result: list[Sighting] = []
    waiting: dict[bytes, deque[int]] = defaultdict(deque)
    for seen in sightings:
        places = waiting[seen.record.data]
        place = next((place for place in places if _same_hop(result[place], seen)), None)
        if place is None:
            if seen.record.direction is not Direction.UNKNOWN:
                places.append(len(result))
            result.append(seen)
            continue
        places.remove(place)
        other = result[place]
        sent, received = (other, seen) if other.record.direction is Direction.SENT else (seen, other)
        result[place] = replace(sent, received=received)
    return result


def _same_hop(one: Sighting, other: Sighting) -> bool:
    if one.record.file == other.record.file:
        return False
    return {one.record.direction, other.record.direction} == {Direction.SENT, Direction.RECEIVED}


def local_ends(sightings: Iterable[Sighting]) -> dict[Endpoint, Endpoint]:
    """Of each file that one box wrote, all ends of its own -> the one by which it is called.

    A file in which an end is now the box's own and now its peer's was not written by one box.
    """
    own: dict[str, Counter[Endpoint]] = defaultdict(Counter)
    peers: dict[str, set[Endpoint]] = defaultdict(set)
    for seen in sightings:
        for record in (seen.record, *(() if seen.received is None else (seen.received.record,))):
            if record.local is not None:
                own[record.file][record.local] += 1
            if record.peer is not None:
                peers[record.file].add(record.peer)
    called: dict[Endpoint, Endpoint] = {}
    for file, ends in own.items():
        if not peers[file] & ends.keys():
            name = max(ends, key=lambda end: ((end.port or 0) < _EPHEMERAL, ends[end]))
            called |= {end: name for end in ends}
    return called
