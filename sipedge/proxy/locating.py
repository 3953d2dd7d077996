"""From a target zone to hops: asks zones what lies there, carries DNS questions out as Resolve commands.

Answers of DNS zones are kept for their TTL, so a conversation asks the DNS once, not once a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sipedge.sip.uri import Uri
from zones.dns import Question, Resolution, resolve_uri
from zones.zone import DefaultZone, DnsZone, Hop

from .commands import Command, Resolve
from .events import Resolved

Done = Callable[[tuple[Hop, ...], str, float, list[Command]], None]
"""Called once with hops (or none and a problem), the time, and the list for commands."""

Told = Callable[[Resolved, float, list[Command]], None]

MAX_KEPT = 4096
MAX_WAITING = 10_000
"""Look-ups under way at once; beyond it a target fails instead of queueing without end."""
MAX_WAITING_EACH = 1000
"""Requests that wait for one look-up; those without a transaction are bounded by nothing else."""
SHORTEST_TTL = 1.0
FAILED_TTL = 5.0
"""Seconds for which a domain without hops is not asked again."""

Key = tuple[str, str, int | None, str | None, bool]


@dataclass(slots=True)
class _Pending:
    resolution: Resolution
    waiting: list[Done]


@dataclass(slots=True)
class _Kept:
    resolution: Resolution
    expires: float


@dataclass(slots=True)
class Resolutions:
    """All look-ups under way and the finished ones that are still good."""

    random: Callable[[], float]
    _next_query: int = 0
    _queries: dict[int, Told] = field(default_factory=dict)
    _pending: dict[Key, _Pending] = field(default_factory=dict)
    _kept: dict[Key, _Kept] = field(default_factory=dict)

    def locate(
        self, zone: DnsZone | DefaultZone, uri: Uri, microsoft: bool, now: float, done: Done, out: list[Command]
    ) -> None:
        """Hops for the host of ``uri`` by the rules of a DNS zone (also for the way back to the Default Zone)."""
        key = (zone.name, uri.host, uri.port, uri.transport, microsoft)
        kept = self._kept.get(key)
        if kept is not None and kept.expires > now:
            done(kept.resolution.draw(), kept.resolution.problem, now, out)
            return
        pending = self._pending.get(key)
        if pending is not None and len(pending.waiting) < MAX_WAITING_EACH:
            pending.waiting.append(done)
            return
        if pending is not None or len(self._pending) >= MAX_WAITING:
            done((), "too many DNS look-ups are under way", now, out)
            return
        resolution = resolve_uri(zone, uri.host, uri.port, uri.transport, microsoft=microsoft, random=self.random)
        started = self._pending[key] = _Pending(resolution, [done])
        self._drive(resolution, lambda when, commands: self._finished(key, started, when, commands), now, out)

    def _drive(
        self,
        resolution: Resolution,
        finished: Callable[[float, list[Command]], None],
        now: float,
        out: list[Command],
    ) -> None:
        """Ask what a resolution wants to know until it is done."""
        if resolution.done:
            finished(now, out)
            return

        for question in resolution.questions():

            def told(event: Resolved, when: float, commands: list[Command], question: Question = question) -> None:
                if not resolution.done:
                    resolution.answer(question, event.records, event.error, event.ttl or float("inf"))
                    self._drive(resolution, finished, when, commands)

            self.ask(question, told, out)

    def ask(self, question: Question, told: Told, out: list[Command]) -> None:
        """Put one question to the DNS; ``told`` is called with the answer."""
        self._next_query += 1
        self._queries[self._next_query] = told
        out.append(Resolve(self._next_query, question.name, question.kind))

    def resolved(self, event: Resolved, now: float, out: list[Command]) -> None:
        told = self._queries.pop(event.query, None)
        if told is not None:
            told(event, now, out)

    def _finished(self, key: Key, pending: _Pending, now: float, out: list[Command]) -> None:
        resolution = pending.resolution
        if self._pending.get(key) is pending:
            del self._pending[key]
            self._keep(key, resolution, now)
        for done in pending.waiting:
            done(resolution.hops, resolution.problem, now, out)

    def _keep(self, key: Key, resolution: Resolution, now: float) -> None:
        ttl = max(SHORTEST_TTL, min(resolution.ttl, 3600.0)) if resolution.hops else FAILED_TTL
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = _Kept(resolution, now + ttl)

    def forget(self) -> None:
        """The zones have changed: what is kept goes, and what is under way serves only who waits for it already."""
        self._kept.clear()
        self._pending.clear()
