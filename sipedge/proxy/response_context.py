"""The response context of one request (RFC 3261 16.7 to 16.10): its branches, the best response, CANCEL and Timer C.

A search gives tiers of targets. All targets of a tier are tried at once; a target may have several hops, which are
tried one after another (RFC 3263 4.3). When every target of a tier has failed and nobody was *found*, the next tier
follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain

from dialplan.model import Target, Tier
from sipedge.sip.edits import Edits
from sipedge.sip.message import Message
from sipedge.sip.responses import without_top_via

from .answers import ENDING, conclude, own_response, retry_after, retry_in
from .branch import NOT_FOUND, Branch, BranchAction, BranchInput, BranchState, Outcome, best_outcome
from .commands import Abandon, Cancel, Command, Drop, Forward, Relay, Respond, Withdraw
from .forwarder import Forwarder, breadth
from .history import Attempt
from .incoming import Incoming, Peer
from .locating import Hops, NoHops

_RELEASED = Message(b"INVITE sip:released.invalid SIP/2.0\r\n\r\n")
"""Stands for a request that is not needed any more."""

TEXTS_FOR_STRANGERS = {
    404: "no way leads to this address",
    408: "nobody answered in time",
    440: "too many targets at once",
    500: "the next hop is not available",
    502: "the next hop sent a response that cannot be forwarded",
    504: "the next hop cannot be reached",
}
"""Warnings outside name no zone, host or DNS query of the inside; the log has them."""

LOST_WAIT = 28.0
"""Seconds from its beginning that a request other than INVITE waits for an answer once its connection is lost: a little
less than 64*T1, so that its sender still hears that there was none (RFC 3261 17.1.2.2)."""

CANCEL_WAIT = 32.0
"""64*T1: how long a cancelled branch is given for its final response (RFC 3261 9.1)."""


class ContextState(Enum):
    __hash__ = object.__hash__  # of identity, in C: Enum's own is Python, and is called for each look into the table

    WAITING = "waiting"
    """No final response has gone upstream."""
    CANCELLED = "cancelled"
    """The caller sent CANCEL; its branches have to end before it gets 487."""
    ANSWERED = "answered"
    """A final response went upstream."""
    ACCEPTED = "accepted"
    """That response was a 2xx to INVITE: further ones go upstream too (RFC 6026)."""


class ContextInput(Enum):
    __hash__ = object.__hash__  # of identity, in C: Enum's own is Python, and is called for each look into the table

    CANCEL = "cancel"
    """A CANCEL of the caller."""
    ACCEPT = "accept"
    """A 2xx to INVITE."""
    ANSWER = "answer"
    """Any other final response, once it is the one to send."""


class ContextAction(Enum):
    NOTHING = "nothing"
    CANCEL_BRANCHES = "cancel branches"
    RESPOND = "respond"
    """Through the server transaction."""
    RELAY = "relay"
    """Outside the server transaction, which has ended."""


_S, _I, _A = ContextState, ContextInput, ContextAction
_WAITING, _OVER, _RESPOND = _S.WAITING, (_S.ANSWERED, _S.ACCEPTED), _A.RESPOND
_ACCEPT, _ANSWER = _I.ACCEPT, _I.ANSWER
"""For what is asked of each request: looking a member up in its Enum takes Python 3.11 three times as long."""

CONTEXT_TABLE: dict[tuple[ContextState, ContextInput], tuple[ContextState, ContextAction]] = {
    (_S.WAITING, _I.CANCEL): (_S.CANCELLED, _A.CANCEL_BRANCHES),
    (_S.WAITING, _I.ACCEPT): (_S.ACCEPTED, _A.RESPOND),
    (_S.WAITING, _I.ANSWER): (_S.ANSWERED, _A.RESPOND),
    (_S.CANCELLED, _I.CANCEL): (_S.CANCELLED, _A.NOTHING),
    (_S.CANCELLED, _I.ACCEPT): (_S.ACCEPTED, _A.RESPOND),
    (_S.CANCELLED, _I.ANSWER): (_S.ANSWERED, _A.RESPOND),
    (_S.ANSWERED, _I.CANCEL): (_S.ANSWERED, _A.NOTHING),
    (_S.ANSWERED, _I.ACCEPT): (_S.ANSWERED, _A.NOTHING),
    (_S.ANSWERED, _I.ANSWER): (_S.ANSWERED, _A.NOTHING),
    (_S.ACCEPTED, _I.CANCEL): (_S.ACCEPTED, _A.NOTHING),
    (_S.ACCEPTED, _I.ACCEPT): (_S.ACCEPTED, _A.RELAY),
    (_S.ACCEPTED, _I.ANSWER): (_S.ACCEPTED, _A.NOTHING),
}


@dataclass(slots=True, eq=False)
class ResponseContext:
    """One forwarded request; ``out`` collects the commands of the event at work."""

    forwarder: Forwarder
    incoming: Incoming
    tiers: Iterator[Tier]
    state: ContextState = ContextState.WAITING
    branches: dict[str, Branch] = field(default_factory=dict)
    """Branches without a final response."""
    held: dict[str, Branch] = field(default_factory=dict)
    """Branches whose 2xx waits until the caller may have it: no CANCEL is for them."""
    located_later: dict[int, Target] = field(default_factory=dict)
    """Ticket -> the target whose hops are being looked up."""
    outcomes: list[Outcome] = field(default_factory=list)
    stop: bool = False
    """The tier at work is the last one, whatever comes of it."""
    targets: int = 1
    """Of the tier at work."""

    request: Message = field(init=False)
    transaction: int = field(init=False)
    peer: Peer = field(init=False)
    is_invite: bool = field(init=False)
    timer_c: float = field(init=False)
    """Seconds."""

    def __post_init__(self) -> None:
        self.request = self.incoming.decided.message
        self.transaction = self.incoming.transaction
        self.peer = self.incoming.peer
        self.is_invite = self.request.method == "INVITE"
        self.timer_c = self.forwarder.installation.settings.timers.c

    @property
    def is_answered(self) -> bool:
        return self.state in _OVER

    @property
    def is_open(self) -> bool:
        """Something is still awaited: a branch or a look-up."""
        return bool(self.branches or self.held or self.located_later)

    def trying(self, out: list[Command]) -> None:
        """Say 100: the final response takes its time."""
        data = own_response(self.forwarder.installation, self.transaction, self.peer, self.request, 100)
        out.append(Respond(self.transaction, 100, data))

    def start(self, now: float, out: list[Command]) -> None:
        self._next_tier(now, out)

    def _next_tier(self, now: float, out: list[Command]) -> None:
        """Try tiers until there is something to wait for or to answer with."""
        for tier in self.tiers:
            self.stop, self.targets = tier.stop, len(tier.targets)
            if self.targets > breadth(self.incoming):
                self.outcomes.append(Outcome(440, f"{self.targets} targets at once are more than Max-Breadth allows"))
                break
            for target in tier.targets:
                self._locate(target, now, out)
            if self.is_open:
                return
            if self._is_over():
                break
        self._finish(out)

    def _locate(self, target: Target, now: float, out: list[Command]) -> None:
        hops = self.forwarder.hops_of(self.incoming, target, now, out)
        if isinstance(hops, int):
            self.located_later[hops] = target
        else:
            self._try_target(target, hops, now, out)

    def located(self, ticket: int, hops: Hops | NoHops, now: float, out: list[Command]) -> None:
        """The look-up of a target has ended."""
        target = self.located_later.pop(ticket)
        self._try_target(target, self.forwarder.permitted(self.incoming, hops), now, out)
        self._settle(now, out)

    def _try_target(self, target: Target, hops: Hops | NoHops, now: float, out: list[Command]) -> None:
        if not self.may_go_on():
            return
        if isinstance(hops, NoHops):
            self.outcomes.append(Outcome(hops.status, hops.text))
        else:
            self._try(target, hops, now, out)

    def may_go_on(self) -> bool:
        """No branch is opened after an answer, a CANCEL or a 6xx (16.7 step 5)."""
        if self.state is not _WAITING:
            return False
        return not self.outcomes or all(outcome.status < 600 for outcome in self.outcomes)

    def _try(self, target: Target, hops: Hops, now: float, out: list[Command]) -> Branch:
        branch_id, head, body = self.forwarder.build(self.incoming, target, hops[0], self.targets)
        attempt = Attempt(hops[0])
        branch = self.branches[branch_id] = Branch(branch_id, target, hops[0], hops[1:], head, now, attempt)
        if self.is_invite:
            branch.deadline = now + self.timer_c
        self.incoming.entry.attempts.append(attempt)
        rate = self.forwarder.rate_towards(self.incoming, target)
        out.append(Forward(branch_id, hops[0], head, body, rate))
        return branch

    def adopt(self, branch_id: str, head: bytes, hops: Hops, begun: float) -> None:
        """Its first target was tried already, at the first of these hops."""
        tier = next(self.tiers)
        self.stop, (target,) = tier.stop, tier.targets
        (attempt,) = self.incoming.entry.attempts
        self.branches[branch_id] = Branch(branch_id, target, hops[0], hops[1:], head, begun, attempt)

    def response(self, branch_id: str, message: Message, now: float, out: list[Command]) -> None:
        """A response on a branch of this context (16.7 steps 1 to 5)."""
        branch = self.branches.get(branch_id)
        if message.status < 200:
            if branch is not None:
                self._provisional(branch, message, now, out)
            return
        branch = self.branches.pop(branch_id, None) or self.held.pop(branch_id, None)
        if branch is not None:
            branch.attempt.status = message.status
            if message.status != 503:
                self.forwarder.succeeded(branch.hop, now)
        if message.status < 300:
            self._success(message, now, out)
        elif branch is not None:
            self._failure(branch, Outcome(message.status, message=message), now, out)

    def _provisional(self, branch: Branch, message: Message, now: float, out: list[Command]) -> None:
        action = branch.take(BranchInput.PROVISIONAL)
        if action is BranchAction.SEND_CANCEL:
            self._send_cancel(branch, now, out)
        # RFC 4320 4.1: a non-INVITE gets no other provisional response than 100
        elif action is BranchAction.FORWARD and message.status > 100 and self.is_invite:
            branch.deadline = now + self.timer_c  # 16.7 step 2
            if not self.is_answered:
                out.append(Respond(self.transaction, message.status, without_top_via(message)))

    def _success(self, message: Message, now: float, out: list[Command]) -> None:
        """A 2xx goes upstream at once; every further 2xx to an INVITE too (16.7 step 5)."""
        self._send(message.status, without_top_via(message), out, message)
        self._cancel_branches(now, out)  # step 10

    def _failure(self, branch: Branch, outcome: Outcome, now: float, out: list[Command]) -> None:
        if outcome.status == 503 or self._is_silent(branch, outcome):
            self.forwarder.failed(branch.hop, now, outcome.text or "it answered 503")
            if branch.remaining and not branch.is_cancelled and self.may_go_on():  # RFC 3263 4.3
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
        return self.is_invite and outcome.message is None and outcome.status == 408 and branch.is_silent

    def failed(self, branch_id: str, status: int, reason: str, now: float, out: list[Command]) -> None:
        """A branch ended without a response (16.9): 408 timed out, 503 could not be sent."""
        branch = self.branches.pop(branch_id, None)
        if branch is not None:
            branch.attempt.status, branch.attempt.reason = status, reason
            self._failure(branch, Outcome(status, reason), now, out)

    def held_back(self, branch_id: str, reason: str, retry_after: float, now: float, out: list[Command]) -> None:
        """A branch was never sent: too many wait for their turn. Its hop is well, and its other hops wait alike."""
        branch = self.branches.pop(branch_id, None)
        if branch is not None:
            branch.attempt.status, branch.attempt.reason = 503, reason
            self.outcomes.append(Outcome(503, reason, retry_after=retry_after))
            self._settle(now, out)

    def unsent(self, branch_id: str, reason: str, now: float, out: list[Command]) -> None:
        """Nothing of a request can have arrived: it is sent once more on a new connection (16.9)."""
        branch = self.branches.get(branch_id)
        if branch is None or branch.is_second or branch.is_cancelled or not self.may_go_on():
            self.failed(branch_id, 503, reason, now, out)
            return
        del self.branches[branch_id]
        branch.attempt.status, branch.attempt.reason = 503, reason
        hop = self.forwarder.again(branch.hop, now)
        self._try(branch.target, (hop, *branch.remaining), now, out).is_second = True

    def again(self, branch_id: str, status: int, now: float, out: list[Command]) -> None:
        """What a branch was answered is no answer yet: its request, built anew, goes to the same hop."""
        branch = self.branches.pop(branch_id)
        branch.attempt.status = status
        self._try(branch.target, (branch.hop, *branch.remaining), now, out)

    def redirected(self, branch_id: str, status: int, tiers: Iterable[Tier], now: float, out: list[Command]) -> None:
        """A branch was answered with other targets, which come next."""
        self.branches.pop(branch_id).attempt.status = status
        self.tiers, self.stop = iter((*tiers,)) if self.stop else chain(tiers, self.tiers), False
        self._settle(now, out)

    def hold(self, branch_id: str) -> None:
        """The 2xx of a branch has come, and is given to ``response`` later."""
        self.held[branch_id] = self.branches.pop(branch_id)

    def hop_lost(self, branch_id: str, now: float) -> None:
        """The connection of a branch is gone: the answer may come on another one (18.1.1). Calls wait for Timer C."""
        branch = self.branches.get(branch_id)
        if branch is not None and not self.is_invite:
            branch.deadline = max(now, branch.begun + LOST_WAIT)

    def cancel(self, now: float, out: list[Command]) -> None:
        """The caller sent CANCEL (16.10)."""
        self.state, action = CONTEXT_TABLE[self.state, ContextInput.CANCEL]
        if action is ContextAction.CANCEL_BRANCHES:
            self._cancel_branches(now, out)
            self._settle(now, out)

    def end(self, now: float, out: list[Command], status: int = 503, text: str = ENDING) -> None:
        """The edge ends, or this request: the caller gets a final response, and callees hear that it is over.

        A CANCEL needs a provisional response before it (9.1); other branches are given up without a word.
        """
        self.held.clear()
        for branch in tuple(self.branches.values()):
            action = branch.take(BranchInput.CANCEL) if self.is_invite else BranchAction.ABANDON
            if action is BranchAction.SEND_CANCEL:
                self._send_cancel(branch, now, out)
            elif branch.state is not BranchState.CANCEL_SENT:
                del self.branches[branch.id]
                out.append(Abandon(branch.id))
        if self.state is ContextState.CANCELLED or self._is_found():
            self._finish(out)
        else:
            headers = (retry_after(self.forwarder.installation),) if status == 503 else ()
            self._send_own(status, text, out, headers)

    def _cancel_branches(self, now: float, out: list[Command]) -> None:
        if self.is_invite:
            for branch in self.branches.values():
                action = branch.take(BranchInput.CANCEL)
                if action is BranchAction.SEND_CANCEL:
                    self._send_cancel(branch, now, out)
                elif action is BranchAction.WITHDRAW:
                    out.append(Withdraw(branch.id))

    def _send_cancel(self, branch: Branch, now: float, out: list[Command]) -> None:
        branch.deadline = now + CANCEL_WAIT
        out.append(Cancel(branch.id, self.forwarder.again(branch.hop, now), branch.cancel_request()))

    def due(self, branch_id: str, now: float, out: list[Command]) -> None:
        """Timer C (16.8) or the wait after a CANCEL or a loss ran out, unless a provisional response has moved it."""
        branch = self.branches.get(branch_id)
        if branch is None or branch.deadline > now:
            return
        if branch.take(BranchInput.TIMER) is BranchAction.SEND_CANCEL:
            self._send_cancel(branch, now, out)
        elif self.is_invite:
            out.append(Abandon(branch_id))
            self.failed(branch_id, 408, "the next hop did not answer in time", now, out)
        else:
            out.append(Abandon(branch_id))
            self.failed(branch_id, 504, "the connection was lost and no answer came on another one", now, out)

    def release_request(self) -> None:
        """Let go of an accepted INVITE once its branches are over: further 2xx need its connection only (RFC 6026)."""
        if not self.is_open:
            self.request = self.incoming.decided.message = _RELEASED
            self.incoming.explanation = None
            self.outcomes.clear()

    def _is_over(self) -> bool:
        """No further tier is tried."""
        return self.stop or self.state is ContextState.CANCELLED or self._is_found()

    def _is_found(self) -> bool:
        return any(outcome.status not in NOT_FOUND for outcome in self.outcomes)

    def _settle(self, now: float, out: list[Command]) -> None:
        """Once nothing is awaited: the next tier or the answer."""
        if self.is_open or self.is_answered:
            return
        if self._is_over():
            self._finish(out)
        else:
            self._next_tier(now, out)

    def _finish(self, out: list[Command]) -> None:
        """16.7 step 6: send the best of the responses."""
        best = best_outcome(self.outcomes)
        if self.state is ContextState.CANCELLED and (best is None or best.message is None):
            best = Outcome(487)
        elif best is None:
            best = Outcome(404, "no search rule led anywhere")
        if best.status == 408 and not self.is_invite:  # RFC 4320 4.2
            self._send(408, None, out, text=best.text)
        elif best.retry_after:
            self._send_own(503, best.text, out, (retry_in(best.retry_after),))
        elif best.message is None or best.status == 503:
            # A 503 would tell the caller that this edge is overloaded (16.7 step 6).
            self._send_own(500 if best.status == 503 else best.status, best.text, out)
        else:
            self._send(best.status, self._aggregated(best.message), out, best.message)

    def _send_own(self, status: int, text: str, out: list[Command], headers: tuple[tuple[str, str], ...] = ()) -> None:
        installation = self.forwarder.installation
        text = said = "" if status == 487 else text or "the next hop is not available"
        if text and self.peer.zone in installation.outside:  # what lies inside, and was asked for it, is not theirs
            said = text if status == 503 else TEXTS_FOR_STRANGERS.get(status, "")
        data = own_response(installation, self.transaction, self.peer, self.request, status, said, headers)
        self._send(status, data, out, text=text)

    def _send(
        self, status: int, data: bytes | None, out: list[Command], answer: Message | None = None, text: str = ""
    ) -> None:
        """A final response goes upstream; ``data`` None ends the server transaction without one.

        ``answer``: the response it was made of; None: it is the edge's own, because of ``text``.
        """
        accepts = self.is_invite and 200 <= status < 300
        what = _ACCEPT if accepts else _ANSWER
        self.state, action = CONTEXT_TABLE[self.state, what]
        if action is _RESPOND:
            entry = self.incoming.entry
            if answer is None:
                entry.refused(status, text)
            else:
                entry.answered(answer)
            conclude(entry, out)
            if self.incoming.concluded is not None:
                self.incoming.concluded(status)
            out.append(Drop(self.transaction) if data is None else Respond(self.transaction, status, data))
        elif action is ContextAction.RELAY and data is not None:
            out.append(Relay(self.peer.connection, data))

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
