"""The response context of one request (RFC 3261 16.7 to 16.10): its branches, the best response, CANCEL and Timer C.

A search gives tiers of targets. All targets of a tier are tried at once; a target may have several hops, which are
tried one after another (RFC 3263 4.3). When every target of a tier has failed and nobody was *found*, the next tier
follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from dialplan.model import Target, Tier
from sipedge.sip.edits import Edits
from sipedge.sip.message import Message
from sipedge.sip.responses import response, warning, without_top_via
from zones.zone import Hop

from .commands import Abandon, Cancel, Command, Conclude, Drop, Forward, Relay, Respond
from .incoming import Incoming

NOT_FOUND = frozenset({404, 408, 410, 416, 480, 484, 500, 501, 502, 503, 504, 505, 513, 580})
"""Answers after which the next tier is tried: the target does not know the alias or could not be asked.

Everything else that is final means *found* (Expressway: the target answered positively), be it busy or a refusal.
"""

PREFERRED = (401, 407, 415, 420, 484)
"""Of the 4xx, those that tell the caller what to do better (RFC 3261 16.7 step 6)."""

_RELEASED = Message(b"INVITE sip:let-go.invalid SIP/2.0\r\n\r\n")
"""Stands for a request that is not needed any more."""

CANCEL_WAIT = 32.0
"""64*T1: how long a cancelled branch is given for its final response (RFC 3261 9.1)."""


@dataclass(slots=True)
class Branch:
    """One client transaction: a target tried at one of its hops."""

    id: str
    target: Target
    hop: Hop
    remaining: tuple[Hop, ...]
    head: bytes
    provisional: bool = False
    cancelled: bool = False
    cancel_sent: bool = False
    deadline: float = 0.0
    """Timer C, or the end of waiting after a CANCEL; 0: none (not an INVITE)."""


@dataclass(slots=True)
class Outcome:
    """A final result of a branch or target: a received response or one of our own making."""

    status: int
    text: str = ""
    message: Message | None = None


class Forwarder(Protocol):
    """What a context needs from forwarder.py."""

    def launch(self, waiting: ResponseContext, target: Target, now: float, out: list[Command]) -> None:
        """Find the target's hops, now or later; then call ``located``."""

    def build(self, incoming: Incoming, target: Target, hop: Hop) -> tuple[str, bytes]:
        """A new branch and the header section to forward with it."""

    def failed(self, hop: Hop, now: float) -> None:
        """A hop did not take a request."""

    def succeeded(self, hop: Hop, now: float) -> None:
        """A hop answered a request."""


class Registry(Protocol):
    """Where a context is found again: by branch, and when a deadline comes."""

    def opened(self, branch: str, context: ResponseContext) -> None: ...

    def answered(self, context: ResponseContext) -> None:
        """Its request has had its final response."""

    def watch(self, branch: str, deadline: float) -> None:
        """Call the context's ``due`` for this branch at ``deadline``."""


@dataclass(slots=True, eq=False)
class ResponseContext:
    """State of one forwarded request; ``out`` collects the commands of the event at work."""

    forwarder: Forwarder
    registry: Registry
    incoming: Incoming
    agent: str
    """``host:port`` for Warning."""
    tag: str
    """The To tag of the edge's own answers."""
    timer_c: float
    tiers: Iterator[Tier]
    branches: dict[str, Branch] = field(default_factory=dict)
    """Branches without a final response."""
    locating: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    stop: bool = False
    answered: bool = False
    """A final response went upstream."""
    accepted: bool = False
    """That response was a 2xx to INVITE."""
    cancelled: bool = False

    request: Message = field(init=False)
    transaction: int = field(init=False)
    is_invite: bool = field(init=False)

    def __post_init__(self) -> None:
        self.request = self.incoming.message
        self.transaction = self.incoming.transaction
        self.is_invite = self.request.method == "INVITE"

    # ----------------------------------------------------------------------------------------------- targets and hops

    def start(self, now: float, out: list[Command]) -> None:
        self._next_tier(now, out)

    def _next_tier(self, now: float, out: list[Command]) -> None:
        """Launch tiers until there is something to wait for or to answer with."""
        for tier in self.tiers:
            self.stop = tier.stop
            self.locating += len(tier.targets) + 1  # one more, so that nothing is settled while targets are launched
            for target in tier.targets:
                self.forwarder.launch(self, target, now, out)
            self.locating -= 1
            if self.branches or self.locating or self._is_over():
                break
        if not self.branches and not self.locating:
            self._finish(out)

    def located(
        self, target: Target, hops: tuple[Hop, ...], problem: str, now: float, out: list[Command], status: int = 404
    ) -> None:
        """The hops of a target are known (or, with none, ``problem`` says why, and ``status`` what it amounts to)."""
        self.locating -= 1
        if self._may_try():
            if hops:
                self._try(target, hops, now, out)
            else:
                self.outcomes.append(Outcome(status, problem))
        if not self.locating:
            self._settle(now, out)

    def _may_try(self) -> bool:
        """No branch is opened after an answer, a CANCEL or a 6xx (16.7 step 5)."""
        return not (self.answered or self.cancelled or any(outcome.status >= 600 for outcome in self.outcomes))

    def _try(self, target: Target, hops: tuple[Hop, ...], now: float, out: list[Command]) -> None:
        branch_id, head = self.forwarder.build(self.incoming, target, hops[0])
        branch = Branch(branch_id, target, hops[0], hops[1:], head)
        if self.is_invite:
            branch.deadline = now + self.timer_c
            self.registry.watch(branch_id, branch.deadline)
        self.branches[branch_id] = branch
        self.registry.opened(branch_id, self)
        if self.incoming.entry is not None:
            self.incoming.entry.hops.append(hops[0])
        out.append(Forward(branch_id, hops[0], head, self.request.body))

    # ------------------------------------------------------------------------------------------------ what comes back

    def response(self, branch_id: str, message: Message, now: float, out: list[Command]) -> None:
        """A response on a branch of this context (16.7 steps 1 to 5)."""
        branch = self.branches.get(branch_id)
        if message.status < 200:
            if branch is not None:
                self._provisional(branch, message, now, out)
            return
        self.branches.pop(branch_id, None)
        if branch is not None and message.status != 503:
            self.forwarder.succeeded(branch.hop, now)
        if message.status < 300:
            self._success(message, now, out)
        elif branch is not None:
            self._failure(branch, Outcome(message.status, message=message), now, out)

    def _provisional(self, branch: Branch, message: Message, now: float, out: list[Command]) -> None:
        branch.provisional = True
        if branch.cancelled:
            self._send_cancel(branch, now, out)
            return
        if message.status == 100 or not self.is_invite:  # RFC 4320 4.1: a non-INVITE gets no other than 100
            return
        branch.deadline = now + self.timer_c  # 16.7 step 2; it is looked at when the earlier one has come
        if not self.answered:
            out.append(Respond(self.transaction, message.status, without_top_via(message)))

    def _success(self, message: Message, now: float, out: list[Command]) -> None:
        """A 2xx goes upstream at once; every further 2xx to an INVITE too (step 5), outside the ended transaction."""
        data = without_top_via(message)
        if not self.answered:
            self.accepted = self.is_invite
            self._answer(message.status, data, out)
        elif self.is_invite and self.accepted:
            out.append(Relay(self.incoming.peer.connection, data))
        self._cancel_branches(now, out)  # step 10

    def _failure(self, branch: Branch, outcome: Outcome, now: float, out: list[Command]) -> None:
        if outcome.status == 503 or self._is_silent(branch, outcome):
            self.forwarder.failed(branch.hop, now)
            if branch.remaining and not branch.cancelled and self._may_try():  # RFC 3263 4.3
                self._try(branch.target, branch.remaining, now, out)
                return
        self.outcomes.append(outcome)
        if outcome.status >= 600:  # step 5
            self._cancel_branches(now, out)
        self._settle(now, out)

    def _is_silent(self, branch: Branch, outcome: Outcome) -> bool:
        """An INVITE that got no response at all: every proxy sends 100, so it is the hop that is dead.

        Of other requests nobody knows whose silence it is, and their caller has given up by now.
        """
        return outcome.message is None and outcome.status == 408 and self.is_invite and not branch.provisional

    def failed(self, branch_id: str, status: int, reason: str, now: float, out: list[Command]) -> None:
        """A branch ended without a response (16.9): 408 timed out, 503 could not be sent."""
        branch = self.branches.pop(branch_id, None)
        if branch is not None:
            self._failure(branch, Outcome(status, reason), now, out)

    # ---------------------------------------------------------------------------------------------- CANCEL and timers

    def cancel(self, now: float, out: list[Command]) -> None:
        """The caller sent CANCEL (16.10)."""
        self.cancelled = True
        self._cancel_branches(now, out)
        self._settle(now, out)

    def _cancel_branches(self, now: float, out: list[Command]) -> None:
        if self.is_invite:
            for branch in self.branches.values():
                branch.cancelled = True
                if branch.provisional:  # 9.1: not before a provisional response
                    self._send_cancel(branch, now, out)

    def _send_cancel(self, branch: Branch, now: float, out: list[Command]) -> None:
        if not branch.cancel_sent:
            branch.cancel_sent = True
            branch.deadline = now + CANCEL_WAIT
            self.registry.watch(branch.id, branch.deadline)
            out.append(Cancel(branch.id, cancel_request(branch.head)))

    def due(self, branch_id: str, now: float, out: list[Command]) -> None:
        """Timer C (16.8) or the wait after a CANCEL ran out, unless a provisional response has moved it."""
        branch = self.branches[branch_id]
        if branch.deadline > now:
            self.registry.watch(branch_id, branch.deadline)
        elif branch.provisional and not branch.cancel_sent:
            branch.cancelled = True
            self._send_cancel(branch, now, out)
        else:
            out.append(Abandon(branch_id))
            self.failed(branch_id, 408, "the next hop did not answer in time", now, out)

    def release_request(self) -> None:
        """Let go of an accepted INVITE once its branches are over: further 2xx need its connection only (RFC 6026)."""
        if not self.branches and not self.locating:
            self.request = self.incoming.message = _RELEASED
            self.incoming.explanation = None
            self.outcomes.clear()

    # ----------------------------------------------------------------------------------------------------- the answer

    def _found(self) -> bool:
        return any(outcome.status not in NOT_FOUND for outcome in self.outcomes)

    def _is_over(self) -> bool:
        """No further tier is tried."""
        return self.stop or self.cancelled or self._found()

    def _settle(self, now: float, out: list[Command]) -> None:
        """Once no branch is open: the next tier or the answer."""
        if self.branches or self.locating or self.answered:
            return
        if self._is_over():
            self._finish(out)
        else:
            self._next_tier(now, out)

    def _finish(self, out: list[Command]) -> None:
        """16.7 step 6: send the best of the responses."""
        best = best_outcome(self.outcomes)
        if best is None or (self.cancelled and best.message is None):
            best = Outcome(487) if self.cancelled else (best or Outcome(404, "no search rule led anywhere"))
        if best.status == 408 and not self.is_invite:  # RFC 4320 4.2
            self._done(408, out)
            out.append(Drop(self.transaction))
        elif best.message is None or best.status == 503:
            # A 503 would tell the caller that this edge is overloaded (16.7 step 6).
            status = 500 if best.status == 503 else best.status
            self._answer(status, self._own(status, best.text or "the next hop is not available"), out)
        else:
            self._answer(best.status, self._aggregated(best.message), out)

    def _own(self, status: int, text: str) -> bytes:
        headers = (warning(self.agent, text),) if status != 487 else ()
        source = (self.incoming.peer.address, self.incoming.peer.port)
        return response(self.request, status, tag=self.tag, headers=headers, source=source)

    def _aggregated(self, message: Message) -> bytes:
        """16.7 step 7: a challenge carries the challenges of all branches."""
        if message.status not in (401, 407) or len(self.outcomes) < 2:
            return without_top_via(message)
        edits = Edits(message)
        edits.remove_first_items(message.index["via"][0])
        for outcome in self.outcomes:
            other = outcome.message
            if other is not None and other is not message and other.status in (401, 407):
                for name in ("www-authenticate", "proxy-authenticate"):
                    for number in other.index.get(name, ()):
                        edits.insert_before(len(message.lines), other.lines[number])
        return edits.head() + message.body

    def _done(self, status: int, out: list[Command]) -> None:
        self.answered = True
        self.registry.answered(self)
        entry = self.incoming.entry
        if entry is not None:
            entry.status = status
            out.append(Conclude(entry))

    def _answer(self, status: int, data: bytes, out: list[Command]) -> None:
        self._done(status, out)
        out.append(Respond(self.transaction, status, data))


def best_outcome(outcomes: list[Outcome]) -> Outcome | None:
    """16.7 step 6: any 6xx, else the lowest class; of the 4xx those that help the caller most.

    Then whoever was found counts more than who was not, 408 least, and a received response more than one of our own.
    """
    if not outcomes:
        return None

    def rank(outcome: Outcome) -> tuple[int, int, bool, bool, bool]:
        kind = 0 if outcome.status >= 600 else outcome.status // 100
        preferred = PREFERRED.index(outcome.status) if outcome.status in PREFERRED else len(PREFERRED)
        return kind, preferred, outcome.status in NOT_FOUND, outcome.status == 408, outcome.message is None

    return min(outcomes, key=rank)


def cancel_request(head: bytes) -> bytes:
    """The CANCEL for a forwarded INVITE: same Request-URI, Via, From, To, Call-ID, CSeq number, Route (9.1)."""
    message = Message(head)
    index = message.index
    lines = [b"CANCEL " + message.uri.encode("utf-8", "surrogateescape") + b" SIP/2.0", message.lines[index["via"][0]]]
    for name in ("route", "from", "to", "call-id"):
        lines += [message.lines[number] for number in index.get(name, ())]
    lines += [b"CSeq: %d CANCEL" % message.cseq[0], b"Max-Forwards: 70", b"Content-Length: 0"]
    return b"\r\n".join(lines) + b"\r\n\r\n"
