"""From a host to hops by DNS: questions that are out, look-ups under way, and finished ones while their records hold.

Whoever has to wait gets a *ticket*, a number. The result of a look-up is a value: the hops, or why there are none.
Answers are kept for their TTL, so a conversation asks the DNS once, not once a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from sipedge.decision.speaking import FederationTargets
from sipedge.sip.uri import Uri
from zones.dns import STANDARD_SERVICES, Question, Resolution, SrvRecord, resolve_uri
from zones.names import host_name
from zones.zone import MICROSOFT_SERVICE, DefaultZone, DnsZone, Hop

from .commands import Asker, Command, Log, Resolve
from .events import RequestReceived, Resolved

MAX_KEPT = 4096
MAX_WAITING = 10_000
"""Look-ups under way at once; beyond it a target fails instead of queueing without end."""
MAX_WAITING_EACH = 1000
"""Requests that wait for one look-up; those without a transaction are bounded by nothing else."""
SHORTEST_TTL = 1.0
FAILED_TTL = 5.0
"""Seconds for which a domain without hops is not asked again."""

NOT_FOUND = 404
"""There is no such domain, or nothing in it that can be connected to."""
UNREACHABLE = 504
"""Nobody can be reached now, or the DNS did not answer. To Microsoft a 404 would mean that there is no such user."""


class Questions:
    """A question carries its *purpose*: the look-up, neighbor or traversal client that wants the answer."""

    def __init__(self) -> None:
        self._last = 0
        self._asked: dict[int, tuple[Question, object]] = {}

    def ask(self, question: Question, purpose: object, asker: Asker, out: list[Command]) -> None:
        self._last += 1
        self._asked[self._last] = question, purpose
        out.append(Resolve(self._last, question.name, question.kind, asker))

    def __len__(self) -> int:
        """How many wait for their answer."""
        return len(self._asked)

    def take(self, number: int) -> tuple[Question, object] | None:
        """A question and its purpose, once; None for what was never asked, or is answered already."""
        return self._asked.pop(number, None)


Hops = tuple[Hop, ...]
"""In the order to try; never empty where it stands beside NoHops."""


@dataclass(frozen=True, slots=True)
class NoHops:
    """A target that cannot be tried."""

    status: int
    """What it amounts to for the caller: NOT_FOUND or UNREACHABLE."""
    text: str
    """Why, in one sentence."""


class Destination(NamedTuple):
    """The subject of a look-up: what the URI of the next hop and the traffic say."""

    zone: str
    host: str
    port: int | None
    transport: str | None
    microsoft: bool


@dataclass(slots=True, eq=False)
class LookUp:
    """One look-up under way, and the tickets of those who wait for it. Each asker has its own: none waits for the
    turn of another in the queue of the DNS. A question that two have in common is asked once all the same."""

    asker: Asker
    destination: Destination
    resolution: Resolution
    tickets: list[int] = field(default_factory=list)

    @property
    def result(self) -> Hops | NoHops:
        """Once the resolution is done."""
        return _result(self.resolution, self.resolution.hops)


@dataclass(slots=True)
class _Kept:
    resolution: Resolution
    expires: float


class LookUps:
    """All look-ups under way and the finished ones that are still good."""

    def __init__(self, random: Callable[[], float], questions: Questions) -> None:
        self._random = random
        self._questions = questions
        self._last_ticket = 0
        self._pending: dict[tuple[Asker, Destination], LookUp] = {}
        self._kept: dict[Destination, _Kept] = {}

    def locate(
        self, zone: DnsZone | DefaultZone, destination: Destination, asker: Asker, now: float, out: list[Command]
    ) -> Hops | NoHops | int:
        """The result where nothing has to be asked, else the ticket to wait with.

        ``zone``: the one that ``destination`` names; the Default Zone on the way back to a stranger.
        """
        kept = self._kept.get(destination)
        if kept is not None and kept.expires > now:
            return _result(kept.resolution, kept.resolution.draw())
        look_up = self._pending.get((asker, destination))
        if look_up is None:
            if len(self._pending) >= MAX_WAITING:
                return NoHops(UNREACHABLE, "too many DNS look-ups are under way")
            look_up = self._begin(zone, destination, asker, out)
            if look_up.resolution.done:  # an address, or no name that could be asked for
                self._end(look_up, now, out)
                return look_up.result
        elif len(look_up.tickets) >= MAX_WAITING_EACH:
            return NoHops(UNREACHABLE, "too many requests wait for this domain's DNS")
        self._last_ticket += 1
        look_up.tickets.append(self._last_ticket)
        return self._last_ticket

    def answer(
        self, look_up: LookUp, question: Question, event: Resolved, now: float, out: list[Command]
    ) -> tuple[int, ...]:
        """Take in an answer. Gives the tickets of those who waited once the look-up has ended, () before."""
        resolution = look_up.resolution
        if resolution.done:  # a further answer, which changes nothing
            return ()
        resolution.answer(question, event.records, event.error, event.ttl or float("inf"))
        self._ask(look_up, out)
        if not resolution.done:
            return ()
        self._end(look_up, now, out)
        return tuple(look_up.tickets)

    def forget(self) -> None:
        """The zones have changed: what is kept goes, and what is under way serves only who waits for it already."""
        self._kept.clear()
        self._pending.clear()

    def _begin(self, zone: DnsZone | DefaultZone, destination: Destination, asker: Asker, out: list[Command]) -> LookUp:
        _, host, port, transport, microsoft = destination
        resolution = resolve_uri(zone, host, port, transport, microsoft=microsoft, random=self._random)
        look_up = self._pending[asker, destination] = LookUp(asker, destination, resolution)
        self._ask(look_up, out)
        return look_up

    def _ask(self, look_up: LookUp, out: list[Command]) -> None:
        for question in look_up.resolution.questions():
            self._questions.ask(question, look_up, look_up.asker, out)

    def _end(self, look_up: LookUp, now: float, out: list[Command]) -> None:
        """Keep the result, unless the zones have changed since it was asked for, or the DNS was not asked at all."""
        resolution = look_up.resolution
        failed = resolution.unanswered and not (resolution.hops or resolution.unasked)
        for text in (*resolution.refused, *([resolution.problem] if failed else ())):
            out.append(Log("warning", f'zone "{look_up.destination.zone}": {text}', source=look_up.asker.address))
        key = look_up.asker, look_up.destination
        if self._pending.get(key) is not look_up:
            return
        del self._pending[key]
        if resolution.unasked and not resolution.hops:  # for this asker's sake: others may have their turn
            return
        ttl = max(SHORTEST_TTL, min(resolution.ttl, 3600.0)) if resolution.hops else FAILED_TTL
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[look_up.destination] = _Kept(resolution, now + ttl)


def _result(resolution: Resolution, hops: Hops) -> Hops | NoHops:
    if hops:
        return hops
    return NoHops(UNREACHABLE if resolution.unanswered else NOT_FOUND, resolution.problem)


MAX_TARGETS = 32
"""Federation SRV targets that are kept of one domain."""
MAX_REQUESTS_WAITING = 2000
"""Requests that wait for federation targets at once: each keeps its whole message."""
MAX_WAITING_OF_PEER = 100
"""Requests of one connection that wait for the DNS: a peer that invents domains holds up nobody else."""
WAIT = 3.0
"""Seconds after which a domain's look-up ends with what came. Short of 3.5, when a sender wants a 100 (RFC 4320)."""
LONGEST_TTL = 3600.0
_SERVICES = (MICROSOFT_SERVICE, STANDARD_SERVICES["TLS"])


@dataclass(slots=True)
class _KeptTargets:
    said: FederationTargets
    expires: float


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request, and the domains that it still waits for."""

    event: RequestReceived
    domains: set[str]


@dataclass(slots=True, eq=False)
class TargetLookUp:
    """Who may speak for one domain: questions under way, and the requests that wait for the answer."""

    domain: str
    deadline: float
    open: set[Question] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    unanswered: bool = False
    ttl: float = LONGEST_TTL
    waiting: list[_Waiting] = field(default_factory=list)


class TargetLookUps:
    """The federation SRV targets of domains that peers write into From: asked for once, kept for their TTL.

    When the DNS does not answer, what it said last goes on to hold.
    """

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._kept: dict[str, _KeptTargets] = {}
        self._pending: dict[str, TargetLookUp] = {}
        """In the order they began, so that the first one is due first."""
        self._of_peer: dict[int, list[_Waiting]] = {}
        """By connection."""
        self._waiting = 0

    def __len__(self) -> int:
        """How many requests wait."""
        return self._waiting

    def known(self, domain: str, now: float) -> FederationTargets | None:
        """None: it has to be asked for."""
        kept = self._kept.get(domain)
        return None if kept is None or kept.expires <= now else kept.said

    def ask(
        self, domains: tuple[str, ...], event: RequestReceived, asker: Asker, now: float, out: list[Command]
    ) -> bool:
        """Let a request wait for what is not known of domains. False: too many wait already."""
        if self._waiting >= MAX_REQUESTS_WAITING:
            return False
        if len(self._of_peer.get(event.connection, ())) >= MAX_WAITING_OF_PEER:
            return False
        self._waiting += 1
        waiting = _Waiting(event, set(domains))
        for domain in domains:
            look_up = self._pending.get(domain) or self._begin(domain, asker, now, out)
            look_up.waiting.append(waiting)
        self._of_peer.setdefault(event.connection, []).append(waiting)
        return True

    def answer(self, look_up: TargetLookUp, question: Question, event: Resolved, now: float) -> list[RequestReceived]:
        """Take in an answer. Gives the requests that need wait no longer."""
        if self._pending.get(look_up.domain) is not look_up:  # it came too late
            return []
        look_up.open.discard(question)
        records = [record for record in event.records if isinstance(record, SrvRecord)]
        look_up.targets.update(filter(None, (host_name(record.target) for record in records[:MAX_TARGETS])))
        if event.error not in ("", "nxdomain"):
            look_up.unanswered = True
        elif records:
            look_up.ttl = min(look_up.ttl, event.ttl or LONGEST_TTL)
        return [] if look_up.open else self._end(look_up, now)

    def next_deadline(self) -> float | None:
        return next(iter(self._pending.values())).deadline if self._pending else None

    def due(self, now: float) -> list[RequestReceived]:
        """The requests that waited for look-ups whose time is over."""
        ended: list[RequestReceived] = []
        while self._pending and (look_up := next(iter(self._pending.values()))).deadline <= now:
            look_up.unanswered = True
            ended += self._end(look_up, now)
        return ended

    def waiting_of(self, connection: int) -> list[RequestReceived]:
        return [waiting.event for waiting in self._of_peer.get(connection, ())]

    def withdraw(self, event: RequestReceived) -> None:
        """A request is not to go on."""
        for waiting in [one for one in self._of_peer.get(event.connection, ()) if one.event is event]:
            waiting.domains.clear()
            self._leave(waiting)

    def _begin(self, domain: str, asker: Asker, now: float, out: list[Command]) -> TargetLookUp:
        look_up = self._pending[domain] = TargetLookUp(domain, now + WAIT)
        for service in _SERVICES:
            question = Question(f"{service}.{domain}", "SRV")
            look_up.open.add(question)
            self._questions.ask(question, look_up, asker, out)
        return look_up

    def _end(self, look_up: TargetLookUp, now: float) -> list[RequestReceived]:
        del self._pending[look_up.domain]
        self._keep(look_up, now)
        ended = []
        for waiting in look_up.waiting:
            if waiting.domains:  # else it was withdrawn
                waiting.domains.discard(look_up.domain)
                if not waiting.domains:
                    self._leave(waiting)
                    ended.append(waiting.event)
        return ended

    def _keep(self, look_up: TargetLookUp, now: float) -> None:
        before = self._kept.pop(look_up.domain, None)
        targets = frozenset(look_up.targets)
        if look_up.unanswered and before is not None:
            targets |= before.said.targets
        ttl = FAILED_TTL if look_up.unanswered or not targets else max(SHORTEST_TTL, look_up.ttl)
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[look_up.domain] = _KeptTargets(FederationTargets(targets, not look_up.unanswered), now + ttl)

    def _leave(self, waiting: _Waiting) -> None:
        self._waiting -= 1
        left = self._of_peer[waiting.event.connection]
        left.remove(waiting)
        if not left:
            del self._of_peer[waiting.event.connection]


def preferred(hops: tuple[Hop, ...], uri: Uri) -> tuple[Hop, ...]:
    """A request inside a dialog goes to the peer that its Route or Contact names, when that is one of the zone's."""
    if len(hops) < 2:
        return hops
    named = [hop for hop in hops if uri.host in (hop.address, hop.name)]
    return (*named, *(hop for hop in hops if hop not in named)) if named else hops
