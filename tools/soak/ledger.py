"""What became of every request: who sent it when, how often it arrived, what its sender was told, and how late.

Requests are kept until their phase is judged; what comes for them later counts as a stray. Pure: the time is an
argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """One that was written to a connection of the edge. Times are seconds of one clock."""

    pair: str
    invite: bool
    sent: float
    deliveries: int = 0
    answered: float = 0.0
    """When the first final response came; 0: none yet."""
    status: int = 0
    """Of the first final response."""
    finals: int = 0
    repeated: float = 0.0
    """When the last further final response came; 0: none did."""
    wrong: bool = False
    """A 2xx that the callee never gave to this request."""
    cut: float = 0.0
    """When its connection ended without a final response; 0: it has not."""
    held: float = 0.0
    """Seconds that its callee kept the answer back."""

    @property
    def waited(self) -> float:
        """Seconds from sender to callee and back."""
        return self.answered - self.sent - self.held

    @property
    def over(self) -> float:
        """When it was answered or cut; infinite while it waits."""
        return self.answered or self.cut or float("inf")


@dataclass(slots=True)
class Phase:
    """The requests that were sent while one fault was at work, and while the edge recovered from it."""

    name: str
    began: float
    undone: float = 0.0
    """When the fault was over."""
    ended: float = 0.0
    """When its time to recover was over, too."""
    requests: dict[bytes, Request] = field(default_factory=dict)
    followers: list[tuple[float, str]] = field(default_factory=list)
    """When later phases began, and their names."""
    unsent: int = 0
    """Requests that found no connection."""

    def of(self, pairs: Iterable[str]) -> list[Request]:
        wanted = set(pairs)
        return [request for request in self.requests.values() if request.pair in wanted]

    @property
    def open(self) -> int:
        """Requests whose sender still waits."""
        return sum(request.over == float("inf") for request in self.requests.values())

    def faults_during(self, request: Request) -> frozenset[str]:
        """Of this phase, and of those that began before the last was heard of the request."""
        last = max(request.over, request.repeated)
        return frozenset({self.name, *(name for began, name in self.followers if began <= last)})


class Ledger:
    """Requests by Call-ID, which begins with the number of the phase: ``7-1234``."""

    def __init__(self) -> None:
        self._phases: dict[int, Phase] = {}
        self._begun = self._sent = 0
        self.strays: list[bytes] = []
        """Call-IDs of messages that belong to no request that is still kept."""

    @property
    def phase(self) -> Phase:
        """The one under way."""
        return self._phases[self._begun]

    def begin(self, name: str, now: float) -> Phase:
        for earlier in self._phases.values():
            earlier.followers.append((now, name))
        self._begun += 1
        self._phases[self._begun] = Phase(name, now)
        return self.phase

    def forget(self, phase: Phase) -> None:
        """It is judged: its requests go."""
        self._phases = {number: each for number, each in self._phases.items() if each is not phase}

    def sent(self, pair: str, invite: bool, now: float) -> bytes:
        """The Call-ID of a new request."""
        self._sent += 1
        call = b"%d-%d" % (self._begun, self._sent)
        self.phase.requests[call] = Request(pair, invite, now)
        return call

    def delivered(self, call: bytes, held: float) -> None:
        """The callee has it and answers after ``held`` seconds."""
        if (request := self._find(call)) is not None:
            request.deliveries += 1
            request.held = held

    def final(self, call: bytes, status: int, genuine: bool, now: float) -> None:
        """Its sender has a final response; ``genuine``: with the tag that the callee gave to this very request."""
        request = self._find(call)
        if request is None:
            return
        request.finals += 1
        if request.finals == 1:
            request.answered, request.status = now, status
        else:
            request.repeated = now
        if status < 300:
            request.wrong |= not genuine or not request.deliveries

    def cut(self, calls: Iterable[bytes], now: float) -> None:
        """The connection on which these wait has ended. Those of phases that are judged had waited in vain anyway."""
        for call in calls:
            if (request := self._look_up(call)) is not None:
                request.cut = now

    def _find(self, call: bytes) -> Request | None:
        request = self._look_up(call)
        if request is None:
            self.strays.append(call)
        return request

    def _look_up(self, call: bytes) -> Request | None:
        number = call.partition(b"-")[0]
        phase = self._phases.get(int(number)) if number.isdigit() else None
        return None if phase is None else phase.requests.get(call)
