"""How a running edge is, in the words of ``sipedge status``. Read only; each function takes one turn of the loop."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from time import time

from cryptography import x509

from sipedge import __version__
from sipedge.control.values import (
    BanJson,
    CertificateJson,
    ConnectionJson,
    DoctorFindingJson,
    ListenerJson,
    PeerJson,
    PoolJson,
    RefusedJson,
    ServerJson,
    ServiceJson,
    StatusJson,
    UnconfirmedJson,
    ZoneJson,
)
from sipedge.doctor.report import Report
from sipedge.edge.others.look import Look
from sipedge.edge.parts import Parts
from sipedge.proxy.upkeep import Upkeep
from sipedge.servers.state import PoolState, ServerState, ServiceState
from sipedge.settings import Tls
from zones.addresses import host_port
from zones.neighbor import NeighborPeers
from zones.traversal_client import TraversalClient
from zones.zone import AnyZone, DefaultZone, DnsZone, Hop, NeighborZone, TraversalClientZone, TraversalServerZone

from .loads import Loads

DAY = 86400.0
MOST = 100
"""Findings of the doctor."""
KINDS: dict[type[AnyZone], str] = {
    NeighborZone: "neighbor",
    TraversalServerZone: "traversal server",
    TraversalClientZone: "traversal client",
    DnsZone: "dns",
    DefaultZone: "default",
}
"""As ``type`` in edge.toml."""


def status_json(parts: Parts, loads: Loads, began: float, services: Sequence[ServiceState], look: Look) -> StatusJson:
    """All but the connections. ``began``: seconds since the epoch, of this process; ``look``: of all workers."""
    gauges, standing = look.gauges, loads.standing
    return {
        "version": __version__,
        "system_name": parts.settings.system_name,
        "pid": os.getpid(),
        "since": began,
        "config": os.path.abspath(loads.path),
        "revision": parts.settings.revision,
        "in_force_since": standing.since,
        "unconfirmed": _unconfirmed(loads),
        "went_back": loads.went_back,
        "refused_load": loads.refused,
        "doctor": _findings(parts.observers.report),
        "ending": parts.ending,
        "listeners": _listeners(parts),
        "zones": _zones(parts, look.waiting),
        "certificates": _certificates(parts.settings.tls, loads),
        "transactions": {role: int(number) for role, number in gauges.transactions.items()},
        "remembered": dict(look.remembered),
        "refused": [
            _refused(zone, reason, int(number))
            for (zone, reason), number in (gauges.refused | gauges.requests_refused).items()
        ],
        "bans": _bans(parts),
        "services": list(map(_service, services)),
        "decisions": look.decisions,
        "dns": {**_whole(gauges.dns), "spared": int(sum(gauges.dns_spared.values()))},
        "dropped": _whole(gauges.dropped),
        "connections": [],
    }


def connections_json(parts: Parts, transactions: Mapping[int, int]) -> Iterator[ConnectionJson]:
    """Those that are open at the beginning. ``transactions``: see Look."""
    for peer in list(parts.proxy.peers()):
        opened = peer.opened
        yield {
            "connection": peer.connection,
            "peer": host_port(peer.address, peer.port),
            "local": host_port(opened.local_address, opened.local_port),
            "transport": opened.transport,
            "tls_version": opened.tls_version,
            "zone": peer.zone,
            "opened_by": "peer" if peer.accepted else "edge",
            "names": list(opened.names),
            "since": _wall(peer.since),
            "transactions": transactions.get(peer.connection, 0),
        }


def _unconfirmed(loads: Loads) -> UnconfirmedJson | None:
    unconfirmed = loads.standing.unconfirmed
    if unconfirmed is None:
        return None
    return {"left": round(loads.left, 1), "back_to": unconfirmed.before.force.settings.revision}


def _findings(report: Report | None) -> list[DoctorFindingJson]:
    return [
        {
            "check": each.id,
            "about": f"{each.domain} {each.subject}".strip(),
            "verdict": each.verdict.value,
            "seen": each.seen,
            "expected": each.expected,
        }
        for each in (report.findings[:MOST] if report else ())
    ]


def _listeners(parts: Parts) -> list[ListenerJson]:
    bound = parts.connections.listening.bound()
    return [
        {
            "name": each.name,
            "transport": each.transport,
            "address": host_port(*bound.get(each.name, (each.address, each.port))),
            "zone": each.zone,
        }
        for each in parts.settings.listeners
    ]


def _zones(parts: Parts, waiting: Mapping[tuple[str, str], int]) -> list[ZoneJson]:
    counts = Counter(peer.zone for peer in parts.proxy.peers())
    of_zones: dict[str, dict[str, int]] = {zone.name: {} for zone in parts.settings.zones}
    for (zone, place), number in waiting.items():
        of_zones.setdefault(zone, {})[place] = number
    upkeep = parts.proxy.upkeep
    return [_zone(zone, counts[zone.name], of_zones[zone.name], upkeep) for zone in parts.settings.zones]


def _zone(zone: AnyZone, connections: int, waiting: Mapping[str, int], upkeep: Upkeep) -> ZoneJson:
    """``waiting``: see Look."""
    known, now = upkeep.zone(zone.name), asyncio.get_running_loop().time()
    peers, problems = list[PeerJson](), list[str]()
    if isinstance(known, NeighborPeers):
        problems = [f"{peer}: {problem}" for peer, problem in known.problems if problem]
        peers = [
            _peer(place, state.health.value, state.since, state.why, _waiting_for(hop, place, waiting))
            for hop, state in known.states()
            for place in (host_port(hop.address, hop.port),)
        ]
    elif isinstance(known, TraversalClient):
        peers = [_peer(link.peer, link.state.value, link.since, link.problem) for link in known.links()]
    elif known is not None:
        peers = [_peer(f"connection {number}", "active", since) for number, since in known.links(now)]
    return {
        "name": zone.name,
        "kind": KINDS[type(zone)],
        "connections": connections,
        "waiting": sum(waiting.values()),
        "peers": peers,
        "up": None if known is None or isinstance(known, NeighborPeers) else known.is_up(now),
        "problems": problems,
    }


def _waiting_for(hop: Hop, place: str, waiting: Mapping[str, int]) -> int:
    return waiting.get(place, 0) + waiting.get(hop.name or hop.address, 0)


def _peer(peer: str, state: str, since: float | None, problem: str = "", waiting: int = 0) -> PeerJson:
    came = None if since is None else _wall(since)
    return {"peer": peer, "state": state, "since": came, "problem": problem, "waiting": waiting}


def _certificates(tls: Tls, loads: Loads) -> list[CertificateJson]:
    """Those in force, however the files look by now."""
    files, now = loads.standing.force.files, time()
    own = (*tls.server, *((tls.client,) if tls.client else ()))
    ends = {each.certificate: _end(files[each.certificate]) for each in own}
    return [{"file": file, "ends": end, "days_left": round((end - now) / DAY, 2)} for file, end in ends.items()]


@lru_cache(maxsize=32)
def _end(pem: bytes) -> float:
    """Seconds since the epoch."""
    return x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc.timestamp()


def _refused(zone: str, reason: str, count: int) -> RefusedJson:
    return {"zone": zone, "reason": reason, "count": count}


def _bans(parts: Parts) -> list[BanJson]:
    now = asyncio.get_running_loop().time()
    return [
        {"source": ban.source, "reason": ban.reason, "left": round(ban.until - now, 1), "times": ban.times}
        for ban in parts.connections.bans.bans(now)
    ]


def _service(state: ServiceState) -> ServiceJson:
    return {
        "name": state.name,
        "active": state.active,
        "reason": state.reason,
        "pending": state.pending,
        "restart": state.restart,
        "restarts": state.restarts,
        "processes": list(state.processes),
        "version": state.version,
        "streams": [
            {
                "domain": stream.domain,
                "own": stream.own,
                "direction": stream.direction,
                "address": stream.address,
                "secure": stream.secure,
            }
            for stream in state.streams
        ],
        "pools": [_pool(pool) for pool in state.pools],
        "allocations": state.allocations,
    }


def _pool(pool: PoolState) -> PoolJson:
    servers = [_server(server) for server in pool.servers]
    return {"name": pool.name, "names": list(pool.names), "servers": servers, "problem": pool.problem}


def _server(server: ServerState) -> ServerJson:
    return {
        "name": server.name,
        "address": server.address,
        "status": server.status,
        "reason": server.reason,
        "sessions": server.sessions,
        "total": server.total,
        "backup": server.backup,
    }


def _whole(numbers: dict[str, float]) -> dict[str, int]:
    return {name: int(number) for name, number in numbers.items()}


def _wall(loop_time: float) -> float:
    """From the loop's clock to seconds since the epoch."""
    return round(time() - (asyncio.get_running_loop().time() - loop_time), 3)
