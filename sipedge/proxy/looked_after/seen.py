"""What one worker knows of neighbours and traversal zones, as a value that the others take over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zones.neighbor import NeighborPeers, NeighborSeen
from zones.table import ZoneTable
from zones.traversal_client import ClientLinkSeen, TraversalClient
from zones.traversal_server import Proof, TraversalServer


@dataclass(slots=True)
class UpkeepSeen:
    """What the worker that looks after neighbours and traversal zones knows of them, for those that follow it."""

    neighbors: Mapping[str, NeighborSeen]
    clients: Mapping[str, tuple[ClientLinkSeen, ...]]
    servers: Mapping[str, tuple[Proof, ...]]


def seen(
    neighbors: Mapping[str, NeighborPeers],
    clients: Mapping[str, TraversalClient],
    servers: Mapping[str, TraversalServer],
) -> UpkeepSeen:
    """For ``follow`` in another process."""
    return UpkeepSeen(
        {name: peers.seen() for name, peers in neighbors.items()},
        {name: client.seen() for name, client in clients.items()},
        {name: server.proofs() for name, server in servers.items()},
    )


def follow(
    known: UpkeepSeen,
    neighbors: Mapping[str, NeighborPeers],
    clients: Mapping[str, TraversalClient],
    servers: Mapping[str, TraversalServer],
    table: ZoneTable,
    now: float,
) -> bool:
    """Take over what another process knows of the zones that both have; whether addresses of neighbours changed."""
    changed = False
    for name in neighbors.keys() & known.neighbors.keys():
        if neighbors[name].follow(known.neighbors[name], now):
            table.set_addresses(name, neighbors[name].addresses)
            changed = True
    for name in clients.keys() & known.clients.keys():
        clients[name].follow(known.clients[name])
    for name in servers.keys() & known.servers.keys():
        servers[name].follow(known.servers[name], now)
    return changed


def changes(
    neighbors: Mapping[str, NeighborPeers],
    clients: Mapping[str, TraversalClient],
    servers: Mapping[str, TraversalServer],
) -> tuple[int, ...]:
    """Different whenever ``seen`` has something new."""
    return (
        *(peers.changes for peers in neighbors.values()),
        *(client.changes for client in clients.values()),
        *(server.changes for server in servers.values()),
    )
