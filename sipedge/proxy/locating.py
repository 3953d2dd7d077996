"""From a host to hops by DNS: questions that are out, look-ups under way, and finished ones while their records hold.

Whoever has to wait gets a *ticket*, a number. The result of a look-up is a value: the hops, or why there are none.
Answers are kept for their TTL, so a conversation asks the DNS once, not once a message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from zones.dns import Question, Resolution, resolve_uri
from zones.zone import DefaultZone, DnsZone, Hop

from .commands import Asker, Command, Log, Resolve
from .events import Resolved

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
        for text in look_up.resolution.refused:
            out.append(Log("warning", f'zone "{look_up.destination.zone}": {text}', source=look_up.asker.address))
        key = look_up.asker, look_up.destination
        if self._pending.get(key) is not look_up:
            return
        del self._pending[key]
        resolution = look_up.resolution
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
