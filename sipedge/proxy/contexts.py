"""All live response contexts: found by branch, by ticket, by the transaction a CANCEL names, and by deadline.

Whoever has an event for a context gives it to this registry, which calls the context and then takes up what is new.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from dialplan.model import Target, Tier
from sipedge.rates.pace import Pace
from sipedge.rates.shelf import Shelf
from sipedge.sip.message import Message
from zones.zone import Hop, RatePolicy

from .answers import ENDING, conclude
from .commands import Abandon, Command, Forward, Send, Withdraw
from .events import ForwardFailed
from .forwarder import Forwarder, breadth
from .history import Attempt
from .incoming import Incoming
from .locating import Hops, NoHops
from .response_context import ContextState, ResponseContext

SLOW = 3.5
"""Seconds after which a request other than INVITE gets a 100, so that its sender repeats it no more (RFC 4320 4.1)."""

SPARE_TIMERS = 1024
"""How many timers of branches that have ended are kept before they are swept out."""

MAX_ACCEPTED = 20_000
"""Branches kept for the sake of a repeated 2xx; the oldest give way, which by then has had its ACK."""

PACED = "its target takes only so many requests a second, and too many wait for their turn"

Key = tuple[str | int | None, ...]


def transaction_key(request: Message, who: tuple[str, ...]) -> Key:
    """What a CANCEL has in common with what it cancels (RFC 3261 9.2, 17.2.3; without a cookie RFC 2543's way).

    ``who``: ``Peer.who``. Only who sent the INVITE may cancel it, and nobody else can take its place here.
    """
    via = request.via
    if via.branch.startswith("z9hG4bK") and len(via.branch) > 7:
        return *who, via.host, via.port, via.branch
    return *who, via.host, via.port, request.uri, request.call_id, request.from_tag, request.cseq[0]


def _key_of(context: ResponseContext) -> Key:
    return transaction_key(context.request, context.peer.who)


@dataclass(slots=True, eq=False)
class StatelessForward:
    """A request without a response (an ACK to a 2xx, a BENOTIFY): it goes to every target of the first tier."""

    forwarder: Forwarder
    incoming: Incoming
    located_later: dict[int, Target] = field(default_factory=dict)
    """Ticket -> the target whose hops are being looked up."""
    targets: int = 1

    def start(self, targets: tuple[Target, ...], now: float, out: list[Command]) -> None:
        self.targets = len(targets)
        for target in targets if self.targets <= breadth(self.incoming) else ():  # RFC 5393 5.3: nobody can be told
            hops = self.forwarder.hops_of(self.incoming, target, now, out)
            if isinstance(hops, int):
                self.located_later[hops] = target
            else:
                self._send(target, hops, out)
        self._conclude(out)

    def located(self, ticket: int, hops: Hops | NoHops, now: float, out: list[Command]) -> None:
        """The look-up of a target has ended."""
        target = self.located_later.pop(ticket)
        self._send(target, self.forwarder.permitted(self.incoming, hops), out)
        self._conclude(out)

    def _send(self, target: Target, hops: Hops | NoHops, out: list[Command]) -> None:
        if not isinstance(hops, NoHops):
            _, head, body = self.forwarder.build(self.incoming, target, hops[0], self.targets)
            self.incoming.entry.attempts.append(Attempt(hops[0]))
            is_ack = self.incoming.decided.message.method == "ACK"
            rate = None if is_ack else self.forwarder.rate_towards(self.incoming, target)
            out.append(Send(hops[0], head + body, rate))

    def _conclude(self, out: list[Command]) -> None:
        if not self.located_later:
            conclude(self.incoming.entry, out)


_ACCEPTED = ContextState.ACCEPTED


class Contexts:
    """Nothing stays longer than its transaction, but for accepted INVITEs: their 2xx may come again (RFC 6026)."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        """``shelf``: of the rates of several workers."""
        self._branches: dict[str, ResponseContext] = {}
        self._tickets: dict[int, ResponseContext | StatelessForward] = {}
        self._invites: dict[Key, ResponseContext] = {}
        self._unanswered: dict[int, ResponseContext] = {}
        """By server transaction."""
        self._slow: deque[tuple[float, int]] = deque()
        """(when, transaction) of requests that get a 100 if they are not answered by then; all wait equally long."""
        self._timers: list[tuple[float, str, bool]] = []
        """(when, branch, whether to forget it): no contexts, or each would live until Timer C."""
        self._accepted: dict[str, Hop] = {}
        """Branches that wait to be forgotten, and where their requests went."""
        self._paces = False
        """Whether something waits for its turn, or may have to."""
        self._pace: Pace[Command] = Pace(shelf)
        self.dropped: Counter[str] = Counter()
        """Zone -> requests that were not sent, because too many waited for their turn."""

    def unanswered(self) -> int:
        """How many requests still wait for their final response."""
        return len(self._unanswered)

    def kept(self) -> dict[str, int]:
        """How many of each kind are held; all 0 once every request is answered and its time is over."""
        return {
            "unanswered": len(self._unanswered),
            "branches": len(self._branches),
            "tickets": len(self._tickets),
            "invites": len(self._invites),
            "accepted": len(self._accepted),
            "timers": len(self._timers),
            "paced": len(self._pace),
        }

    def begin(self, context: ResponseContext, now: float, out: list[Command]) -> None:
        self._unanswered[context.transaction] = context
        if context.is_invite:
            self._invites[_key_of(context)] = context
        else:
            self._slow.append((now + SLOW, context.transaction))
        try:
            context.start(now, out)
            self._take_up(context)
        except Exception:  # the caller answers 500 (Proxy.handle): nothing may wait for this context
            self._close(context)
            raise

    def adopt(self, context: ResponseContext, branch: str, head: bytes, hops: Hops, begun: float) -> None:
        """A request, none of INVITEs, that was sent on already. ``begun``: when it came."""
        self._unanswered[context.transaction] = context
        insort(self._slow, (begun + SLOW, context.transaction))
        context.adopt(branch, head, hops, begun)
        self._take_up(context)

    def begin_stateless(
        self, request: StatelessForward, targets: tuple[Target, ...], now: float, out: list[Command]
    ) -> None:
        request.start(targets, now, out)
        for ticket in request.located_later:
            self._tickets[ticket] = request

    def by_branch(self, branch: str) -> ResponseContext | None:
        return self._branches.get(branch)

    def by_key(self, key: Key) -> ResponseContext | None:
        """The context of an INVITE that is not answered yet."""
        return self._invites.get(key)

    def hop_of(self, branch: str) -> Hop | None:
        """Where the request of a branch went, while it is open or its 2xx may come again."""
        context = self._branches.get(branch)
        waiting = None if context is None else context.branches.get(branch) or context.held.get(branch)
        return self.accepted_by(branch) if waiting is None else waiting.hop

    def accepted_by(self, branch: str) -> Hop | None:
        """Where a 2xx to the INVITE of a branch came from, while it may come again."""
        return self._accepted.get(branch)

    def located(self, ticket: int, hops: Hops | NoHops, now: float, out: list[Command]) -> None:
        """A look-up that somebody waits for has ended."""
        waiting = self._tickets.pop(ticket)
        waiting.located(ticket, hops, now, out)
        if isinstance(waiting, ResponseContext):
            self._take_up(waiting)

    def cancel(self, context: ResponseContext, now: float, out: list[Command]) -> None:
        context.cancel(now, out)
        self._take_up(context)

    def response(self, context: ResponseContext, branch: str, message: Message, now: float, out: list[Command]) -> None:
        context.response(branch, message, now, out)
        self._take_up(context)

    def pass_on(self, context: ResponseContext, branch: str, message: Message, now: float, out: list[Command]) -> None:
        """A response of a branch goes upstream, as it is to be seen there."""
        hop, forwarder = self.hop_of(branch) if context.is_invite else None, context.forwarder
        seen = forwarder.as_seen_upstream(message, context.incoming, branch)
        self.response(context, branch, seen, now, out)
        if message.status >= 200:
            self.ended(branch, context, now, forwarder.installation.settings.timers.accepted, hop)

    def failed(self, event: ForwardFailed, now: float, out: list[Command]) -> None:
        """A branch ended without a response; nothing happens when it is not known."""
        context = self._branches.get(event.branch)
        if context is not None:
            if event.retry_after:
                context.held_back(event.branch, event.reason, event.retry_after, now, out)
            elif event.unsent:
                context.unsent(event.branch, event.reason, now, out)
            else:
                context.failed(event.branch, event.status, event.reason, now, out)
            self._take_up(context)
            self.ended(event.branch, context, now)

    def dismissed(self, branch: str, text: str, now: float, out: list[Command]) -> None:
        """The 2xx of a branch goes to nobody, and its callee is told so; it is known when it comes again (RFC 6026)."""
        context, hop = self._branches[branch], self.hop_of(branch)
        context.failed(branch, 487, text, now, out)
        self._take_up(context)
        self.ended(branch, context, now, context.forwarder.installation.settings.timers.accepted, hop)

    def again(self, branch: str, status: int, now: float, out: list[Command]) -> None:
        """Send the request of a branch once more, to the same hop, as it is to be sent by now."""
        context = self._branches[branch]
        context.again(branch, status, now, out)
        self._take_up(context)
        self.ended(branch, context, now)

    def redirected(self, branch: str, status: int, tiers: Iterable[Tier], now: float, out: list[Command]) -> None:
        """Go on with other targets in place of a branch."""
        context = self._branches[branch]
        context.redirected(branch, status, tiers, now, out)
        self._take_up(context)
        self.ended(branch, context, now)

    def hop_lost(self, branch: str, now: float, out: list[Command]) -> None:
        """The connection of a branch is gone; nothing happens when the branch is not known."""
        context = self._branches.get(branch)
        if context is not None:
            context.hop_lost(branch, now)
            self._take_up(context)

    def ended(
        self, branch: str, context: ResponseContext, now: float, accepted_for: float = 0.0, hop: Hop | None = None
    ) -> None:
        """A branch had its final response.

        Forget it, now or (2xx to INVITE) after ``accepted_for`` seconds; ``hop`` is where its request went.
        """
        if branch in self._accepted:
            return
        is_accepted = context.state is _ACCEPTED
        if not is_accepted or hop is None:
            self._branches.pop(branch, None)
        else:
            self._accepted[branch] = hop
            self._schedule(now + accepted_for, branch, True)
            if len(self._accepted) > MAX_ACCEPTED:
                self._forget(next(iter(self._accepted)))
        if is_accepted:
            context.release_request()

    def configure(self, paces: bool) -> None:
        """``paces``: whether any zone has a pace. What waits keeps its turn in any case."""
        self._paces = paces or len(self._pace) > 0

    def next_release(self) -> float | None:
        """When a request that waits for its turn may leave, or one that comes need not wait."""
        return self._pace.next_deadline()

    def waiting(self) -> dict[tuple[str, str], int]:
        """Zone, and name or address of the partner -> what waits for its turn."""
        return self._pace.waiting()

    def released(self, now: float) -> list[Command]:
        """Requests whose turn it is."""
        return self._pace.due(now)

    def paced(self, out: list[Command], now: float) -> list[Command]:
        """What of these commands may be carried out now; the rest waits here, or fails where too much waits."""
        if not self._paces:
            return out
        passed: list[Command] = []
        for command in out:  # a failure adds to it
            if type(command) is Forward or type(command) is Send:
                if command.rate is None or self._may_leave(command, command.rate, now, out):
                    passed.append(command)
            elif (type(command) is Withdraw or type(command) is Abandon) and self._pace.withdraw(command.branch):
                self.failed(ForwardFailed(command.branch, 487, "withdrawn before its turn"), now, out)
            else:
                passed.append(command)
        return passed

    def _may_leave(self, command: Forward | Send, rate: RatePolicy, now: float, out: list[Command]) -> bool:
        hop, branch = command.hop, command.branch if isinstance(command, Forward) else ""
        partner = hop.zone, hop.name or hop.address  # neither: all connections of a traversal zone lead to one
        full_for = self._pace.enter(partner, rate.pace, rate.pace_wait, branch, command, now)
        if full_for:
            self.dropped[hop.zone] += 1
            if branch:
                self.failed(ForwardFailed(branch, 503, PACED, retry_after=full_for), now, out)
        return full_for == 0.0

    def open(self) -> tuple[ResponseContext, ...]:
        """Those that wait for their final response."""
        return tuple(self._unanswered.values())

    def give_up(self, transaction: int, status: int, text: str, now: float, out: list[Command]) -> None:
        """End one request with this status; nothing happens where it has its final response."""
        if transaction in self._unanswered:
            self.end(self._unanswered[transaction], now, out, status, text)

    def end(
        self, context: ResponseContext, now: float, out: list[Command], status: int = 503, text: str = ENDING
    ) -> None:
        before = (*context.branches, *context.held)
        context.end(now, out, status, text)
        for branch in before:
            if branch not in context.branches:
                self._forget(branch)
        self._take_up(context)

    def cancelling(self) -> bool:
        """Whether a callee has still to end what a CANCEL asked it to end."""
        return any(context.is_open for context in self._branches.values() if context.state is ContextState.ANSWERED)

    def next_deadline(self) -> float | None:
        slow = self._slow
        while slow and slow[0][1] not in self._unanswered:  # nearly all: they cost no timer then
            slow.popleft()
        deadlines = [queue[0][0] for queue in (slow, self._timers) if queue]
        return min(deadlines, default=None)

    def tick(self, now: float, out: list[Command]) -> None:
        """One timer that is due by ``now``, if there is one; see ``next_deadline``."""
        if self._slow and self._slow[0][0] <= now:
            _, transaction = self._slow.popleft()
            if transaction in self._unanswered:
                self._unanswered[transaction].trying(out)
            return
        if not self._timers or self._timers[0][0] > now:
            return
        _, branch, forget = heappop(self._timers)
        context = self._branches.get(branch)
        if forget:
            self._forget(branch)
        elif context is not None and branch in context.branches:
            context.branches[branch].alarm = 0.0
            context.due(branch, now, out)
            self._take_up(context)
            if branch not in context.branches:
                self.ended(branch, context, now)

    def _take_up(self, context: ResponseContext) -> None:
        """Index what a context has begun, and its end."""
        for branch in context.branches.values():
            self._branches[branch.id] = context
            if branch.deadline and (not branch.alarm or branch.deadline < branch.alarm):
                branch.alarm = branch.deadline
                self._schedule(branch.alarm, branch.id, False)
        for ticket in context.located_later:
            self._tickets[ticket] = context
        if context.is_answered and context.transaction in self._unanswered:
            self._close(context)

    def _close(self, context: ResponseContext) -> None:
        """Its request is answered: a CANCEL can no longer change anything (RFC 3261 9.2)."""
        self._unanswered.pop(context.transaction, None)
        if context.is_invite and self._invites.get(key := _key_of(context)) is context:
            del self._invites[key]

    def _forget(self, branch: str) -> None:
        self._accepted.pop(branch, None)
        self._branches.pop(branch, None)

    def _schedule(self, when: float, branch: str, forget: bool) -> None:
        """Timer C outlives nearly every INVITE by minutes: what has ended is swept out now and then."""
        if len(self._timers) > 4 * len(self._branches) + SPARE_TIMERS:  # a branch has three at most
            self._timers = [timer for timer in self._timers if timer[1] in self._branches]
            heapify(self._timers)
        heappush(self._timers, (when, branch, forget))
