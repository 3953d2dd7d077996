"""All live response contexts: found by branch, by the transaction a CANCEL names, and by deadline."""

from __future__ import annotations

from heapq import heappop, heappush

from .commands import Command
from .message import Message
from .response_context import ResponseContext

Key = tuple[str | int | None, ...]


def transaction_key(request: Message) -> Key:
    """What a CANCEL has in common with what it cancels (RFC 3261 9.2, 17.2.3; without a cookie RFC 2543's way)."""
    via = request.via
    if via.branch.startswith("z9hG4bK") and len(via.branch) > 7:
        return via.branch, via.host, via.port
    return request.uri, request.call_id, request.from_tag, request.cseq[0], via.host, via.port


class Contexts:
    """Nothing stays longer than its transaction, but for accepted INVITEs: their 2xx may come again (RFC 6026)."""

    def __init__(self) -> None:
        self._branches: dict[str, ResponseContext] = {}
        self._invites: dict[Key, ResponseContext] = {}
        self._timers: list[tuple[float, int, ResponseContext | str]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._branches)

    # ----------------------------------------------------------------------- what a response context calls (Registry)

    def opened(self, branch: str, context: ResponseContext) -> None:
        self._branches[branch] = context

    def watch(self, context: ResponseContext, deadline: float) -> None:
        self._schedule(deadline, context)

    # ------------------------------------------------------------------------------------------- what the proxy calls

    def invited(self, key: Key, context: ResponseContext) -> None:
        self._invites[key] = context

    def by_branch(self, branch: str) -> ResponseContext | None:
        return self._branches.get(branch)

    def by_key(self, key: Key) -> ResponseContext | None:
        """The context of an INVITE that is not answered yet."""
        return self._invites.get(key)

    def ended(self, branch: str, context: ResponseContext, now: float, accepted_for: float) -> None:
        """A branch had its final response: forget it, now or (2xx to INVITE) after ``accepted_for`` seconds."""
        if context.accepted:
            self._schedule(now + accepted_for, branch)
        else:
            self._branches.pop(branch, None)
        if context.answered:
            self.answered(context)

    def answered(self, context: ResponseContext) -> None:
        """A CANCEL can no longer change anything (RFC 3261 9.2)."""
        if context.is_invite:
            self._invites.pop(transaction_key(context.request), None)

    def next_deadline(self) -> float | None:
        return self._timers[0][0] if self._timers else None

    def tick(self, now: float, out: list[Command]) -> None:
        while self._timers and self._timers[0][0] <= now:
            due = heappop(self._timers)[2]
            if isinstance(due, str):
                self._branches.pop(due, None)
            else:
                before = set(due.branches)
                due.tick(now, out)
                for branch in before - set(due.branches):
                    self.ended(branch, due, now, 0.0)

    def _schedule(self, deadline: float, what: ResponseContext | str) -> None:
        self._count += 1
        heappush(self._timers, (deadline, self._count, what))
