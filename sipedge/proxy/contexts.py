"""All live response contexts: found by branch, by the transaction a CANCEL names, and by deadline."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from sipedge.sip.message import Message

from .commands import Command
from .response_context import ResponseContext

SPARE_TIMERS = 1024
"""How many timers of branches that have ended are kept before they are swept out."""

Key = tuple[str | int | None, ...]


def transaction_key(request: Message, address: str) -> Key:
    """What a CANCEL has in common with what it cancels (RFC 3261 9.2, 17.2.3; without a cookie RFC 2543's way).

    ``address``: the peer's. Only who sent the INVITE may cancel it, and nobody else can take its place here.
    """
    via = request.via
    if via.branch.startswith("z9hG4bK") and len(via.branch) > 7:
        return address, via.host, via.port, via.branch
    return address, via.host, via.port, request.uri, request.call_id, request.from_tag, request.cseq[0]


def _key_of(context: ResponseContext) -> Key:
    return transaction_key(context.request, context.incoming.peer.address)


MAX_ACCEPTED = 20_000
"""Branches kept for the sake of a repeated 2xx; the oldest give way, which by then has had its ACK."""


class Contexts:
    """Nothing stays longer than its transaction, but for accepted INVITEs: their 2xx may come again (RFC 6026)."""

    def __init__(self) -> None:
        self._branches: dict[str, ResponseContext] = {}
        self._invites: dict[Key, ResponseContext] = {}
        self._timers: list[tuple[float, str, bool]] = []
        """(when, branch, whether to forget it): no contexts, or each would live until Timer C."""
        self._unanswered = 0
        self._accepted: dict[str, str] = {}
        """Branches that wait to be forgotten, and the address that their final response came from."""

    def unanswered(self) -> int:
        """How many requests still wait for their final response."""
        return self._unanswered

    # ----------------------------------------------------------------------- what a response context calls (Registry)

    def opened(self, branch: str, context: ResponseContext) -> None:
        self._branches[branch] = context

    def answered(self, context: ResponseContext) -> None:
        """A CANCEL can no longer change anything (RFC 3261 9.2)."""
        self._unanswered -= 1
        if context.is_invite and self._invites.get(key := _key_of(context)) is context:
            del self._invites[key]

    def watch(self, branch: str, deadline: float) -> None:
        self._schedule(deadline, branch, False)

    # ------------------------------------------------------------------------------------------- what the proxy calls

    def begun(self, context: ResponseContext) -> None:
        self._unanswered += 1
        if context.is_invite:
            self._invites[_key_of(context)] = context

    def by_branch(self, branch: str) -> ResponseContext | None:
        return self._branches.get(branch)

    def by_key(self, key: Key) -> ResponseContext | None:
        """The context of an INVITE that is not answered yet."""
        return self._invites.get(key)

    def accepted_from(self, branch: str) -> str:
        """The address that the final response of a branch came from, while its 2xx may come again; else ''."""
        return self._accepted.get(branch, "")

    def ended(
        self, branch: str, context: ResponseContext, now: float, accepted_for: float = 0.0, address: str = ""
    ) -> None:
        """A branch had its final response, from ``address``.

        Forget it, now or (2xx to INVITE) after ``accepted_for`` seconds.
        """
        if context.accepted:
            if branch not in self._accepted:
                self._accepted[branch] = address
                self._schedule(now + accepted_for, branch, True)
                context.release_request()
                if len(self._accepted) > MAX_ACCEPTED:
                    self._forget(next(iter(self._accepted)))
        else:
            self._branches.pop(branch, None)

    def next_deadline(self) -> float | None:
        return self._timers[0][0] if self._timers else None

    def tick(self, now: float, out: list[Command]) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, branch, forget = heappop(self._timers)
            if forget:
                self._forget(branch)
                continue
            context = self._branches.get(branch)
            if context is not None and branch in context.branches:
                context.due(branch, now, out)
                if branch not in context.branches:
                    self.ended(branch, context, now)

    def _forget(self, branch: str) -> None:
        self._accepted.pop(branch, None)
        self._branches.pop(branch, None)

    def _schedule(self, when: float, branch: str, forget: bool) -> None:
        """Timer C outlives nearly every INVITE by minutes: what has ended is swept out now and then."""
        if len(self._timers) > 4 * len(self._branches) + SPARE_TIMERS:  # a branch has three at most
            self._timers = [timer for timer in self._timers if timer[1] in self._branches]
            heapify(self._timers)
        heappush(self._timers, (when, branch, forget))
