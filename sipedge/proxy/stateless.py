"""Requests without a response (an ACK to a 2xx, a BENOTIFY): sent to every target of the first tier, and forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field

from dialplan.model import Target

from .answers import conclude
from .commands import Command, Send
from .forwarder import Forwarder, breadth
from .history import Attempt
from .incoming import Incoming
from .locating import Hops, NoHops


@dataclass(slots=True, eq=False)
class StatelessForward:
    """One such request; it lives until its last target is found."""

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
