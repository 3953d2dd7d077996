"""The peers of one neighbour zone: in which order to try them, whom to send OPTIONS, what to ask the DNS.

Peers by address or name take turns (as on the Expressway); peers by SRV come in the order of RFC 2782, drawn
anew for each request. Failed ones are always last: when all have failed, trying is better than refusing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from .addresses import ANYWHERE
from .dns import DnsError, DnsRecord, Question, Resolution
from .peer import Health, NeighborPeer, Sign
from .peer_name import NameSeen, PeerName
from .rotation import Rotation
from .zone import Hop, LookUp, NeighborZone

MAX_PEERS = 30
"""Configured peers of a zone. Each has at most ``dns.MAX_HOPS`` hops."""
_DRAWS = 32
"""Orders by SRV weight that are drawn in advance and then taken in turn."""


@dataclass(frozen=True, slots=True)
class NeighborSeen:
    """What is known of a neighbour's peers, for another process."""

    configured: tuple[str, ...]
    names: tuple[NameSeen, ...]
    peers: Mapping[Hop, NeighborPeer]


class NeighborPeers:
    """What is known of one neighbour's peers. ``now``: seconds of any clock that never goes back."""

    def __init__(self, zone: NeighborZone, random: Callable[[], float]) -> None:
        self.zone = zone
        self._random = random
        self._names = [PeerName(self._starter(peer)) for peer in zone.peers[:MAX_PEERS]]
        self._peers: dict[Hop, NeighborPeer] = {}
        self._rotation = Rotation()
        self._look_again = float("-inf")
        """``hops`` does nothing but take turns before this."""
        self.all_well = False
        """Whether every peer is alive and has not failed of late, so that an answer is no news."""
        self.changes = 0
        """Grows whenever ``seen`` has something new."""

    def _starter(self, peer: str) -> Callable[[], Resolution]:
        zone = self.zone
        if zone.look_up is LookUp.SERVICE_RECORD:
            return lambda: Resolution(
                zone,
                peer,
                random=self._random,
                service=zone.service,
                verify_name=peer,
                allowed=ANYWHERE,
                standard=False,
            )
        return lambda: Resolution(zone, peer, zone.port, zone.transport, random=self._random, allowed=ANYWHERE)

    def hops(self, now: float) -> tuple[Hop, ...]:
        """The peers in the order to try; () while no name is resolved."""
        if now >= self._look_again:
            self._retry(now)
        return self._rotation.next()

    def peek(self, now: float) -> tuple[Hop, ...]:
        """What ``hops`` will give, without taking the turn; () where something is to be looked at before."""
        return () if now >= self._look_again else self._rotation.peek()

    def failed(self, hop: Hop, now: float, why: str = "") -> None:
        """A request to ``hop`` found no connection or no answer at all."""
        self._saw(hop, Sign.FAILED, now, why)

    def alive(self, hop: Hop, now: float) -> bool:
        """``hop`` answered something. True when it did not count as alive."""
        if self.all_well:
            return False
        changed = self._saw(hop, Sign.ANSWERED, now)
        self.all_well = all(peer.is_well for peer in self._peers.values())
        return changed

    def due(self, now: float) -> list[Hop]:
        """Peers that get an OPTIONS now; each is then not due again before its interval is over."""
        if not self.zone.monitor:
            return []
        due = [hop for hop, peer in self._peers.items() if now >= peer.due_at]
        for hop in due:
            self._peers[hop].saw(Sign.TRIED, now)
        return due

    def options_answered(self, hop: Hop, status: int, now: float) -> None:
        """A peer answered its OPTIONS; no answer at all is ``failed``."""
        server_error = 500 <= status < 600
        failed = server_error and not self.zone.server_error_alive
        self._saw(hop, Sign.FAILED if failed else Sign.ANSWERED, now, f"OPTIONS was answered {status}")

    def next_due(self) -> float:
        """When ``due`` or ``questions`` has something next; infinity when never."""
        times = [name.refresh_at for name in self._names]
        if self.zone.monitor:
            times += [peer.due_at for peer in self._peers.values()]
        return min(times, default=float("inf"))

    def questions(self, now: float) -> tuple[Question, ...]:
        """What to ask the DNS now; each question is handed out once. Call it once at the start."""
        before = self._all_hops()
        questions = [question for name in self._names for question in name.questions(now)]
        if self._all_hops() != before:
            self._arrange(now)
        return tuple(dict.fromkeys(questions))

    def answer(
        self, question: Question, records: Iterable[DnsRecord], now: float, *, ttl: float = 0.0, error: DnsError = ""
    ) -> bool:
        """True when the zone's addresses are others now: tell ``ZoneTable.set_addresses``."""
        came = tuple(records)
        changed = [name.answer(question, came, now, ttl=ttl, error=error) for name in self._names]
        if any(changed):
            self._arrange(now)
        return any(changed)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(hop.address for hop in self._peers))

    @property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """Each peer as it is configured, and why its last look-up brought nothing; '' where it brought something."""
        return tuple((peer, name.problem) for peer, name in zip(self.zone.peers, self._names, strict=False))

    def seen(self) -> NeighborSeen:
        """For ``follow``."""
        orders = _DRAWS if self.zone.look_up is LookUp.SERVICE_RECORD else 0
        names = tuple(name.seen(orders) for name in self._names)
        return NeighborSeen(self.zone.peers, names, {hop: replace(peer) for hop, peer in self._peers.items()})

    def follow(self, seen: NeighborSeen, now: float) -> bool:
        """Another process looks after this zone, and this is what it knows. True when the addresses are others now."""
        before = self.addresses
        if seen.configured != self.zone.peers:  # it has another configuration, for a moment
            return False
        for name, known in zip(self._names, seen.names, strict=True):
            name.follow(known)
        self._peers = dict(seen.peers)
        self.all_well = all(peer.is_well for peer in self._peers.values())
        self._arrange(now)
        return self.addresses != before

    def states(self) -> tuple[tuple[Hop, NeighborPeer], ...]:
        """For people to look at; not to be changed."""
        return tuple(self._peers.items())

    def _all_hops(self) -> tuple[Hop, ...]:
        return tuple(dict.fromkeys(hop for name in self._names for hop in name.hops))

    def _saw(self, hop: Hop, sign: Sign, now: float, why: str = "") -> bool:
        """True when its health is another now."""
        self.all_well = False
        peer = self._peers.get(hop)
        if peer is None:
            return False
        peer.why = why
        changed = peer.saw(sign, now)
        if changed:
            self._arrange(now)
        return changed

    def _retry(self, now: float) -> None:
        """Without OPTIONS, a failed peer is tried with a request when its pause is over."""
        for peer in self._peers.values():
            if peer.health is not Health.ALIVE and now >= peer.due_at:
                peer.saw(Sign.TRIED, now)
        self._arrange(now)

    def _usable(self, hop: Hop) -> bool:
        health = self._peers[hop].health
        return health is Health.ALIVE or (health is Health.RETRYING and not self.zone.monitor)

    def _arrange(self, now: float) -> None:
        """Work out the orders anew: after a change of health or of addresses."""
        self.changes += 1
        interval = self.zone.monitor_interval
        hops = self._all_hops()
        self._peers = {hop: self._peers.get(hop) or NeighborPeer(interval, due_at=now, since=now) for hop in hops}
        if self.zone.look_up is LookUp.SERVICE_RECORD:
            self._rotation.set_orders([self._sorted(self._drawn()) for _ in range(_DRAWS)])
        else:
            usable = [hop for hop in hops if self._usable(hop)]
            self._rotation.set_hops(usable, [hop for hop in hops if not self._usable(hop)])
        waiting = [peer.due_at for peer in self._peers.values() if peer.health is not Health.ALIVE]
        self._look_again = float("inf") if self.zone.monitor else min(waiting, default=float("inf"))

    def _drawn(self) -> tuple[Hop, ...]:
        return tuple(dict.fromkeys(hop for name in self._names for hop in name.draw()))

    def _sorted(self, hops: tuple[Hop, ...]) -> tuple[Hop, ...]:
        return tuple(sorted(hops, key=lambda hop: not self._usable(hop)))
