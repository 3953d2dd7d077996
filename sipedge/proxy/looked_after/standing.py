"""What is up and what is down, for the log."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from zones.addresses import host_port
from zones.neighbor import NeighborPeers
from zones.peer import Health
from zones.traversal_client import TraversalClient
from zones.traversal_server import TraversalServer


class Standing(NamedTuple):
    """What the log says once when it changes."""

    what: str
    is_up: bool
    why: str
    """It is down; '' where nobody knows."""
    source: str


def standing(
    neighbors: Mapping[str, NeighborPeers],
    clients: Mapping[str, TraversalClient],
    servers: Mapping[str, TraversalServer],
    were_up: Collection[str],
    now: float,
) -> Iterator[Standing]:
    """``were_up``: traversal server zones to which somebody has come; another is not down."""
    for name, peers in neighbors.items():
        zone = f'zone "{name}"'
        for peer, problem in peers.problems:
            yield Standing(f"{zone}: the name of peer {peer}", not problem, problem, peer)
        for hop, state in peers.states():
            what = f"{zone}: peer {host_port(hop.address, hop.port)}"
            yield Standing(what, state.health is Health.ALIVE, state.why, hop.address)
    for name, client in clients.items():
        for link in client.links():
            what = f'zone "{name}": the traversal connection with {link.peer}'
            if link.problem or client.authenticated(link.connection):  # else it is on its way
                yield Standing(what, not link.problem, link.problem, link.peer)
    for name, server in servers.items():
        if server.is_up(now) or name in were_up:
            yield Standing(f'zone "{name}"', server.is_up(now), "no traversal connection is authenticated", name)
