"""What one of several workers is given to be one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sipedge.bus.bus import Bus
from sipedge.bus.directory import Directory
from sipedge.settings import Settings
from sipedge.tap.shared import Shared

FIRST = 0
"""The worker that does what is to be done once."""


@dataclass(frozen=True, slots=True)
class Colleagues:
    """The supervisor takes the connections, and all workers are one edge."""

    bus: Bus
    start: int
    """How many processes had this worker's seat before."""
    directory: Directory
    secret: bytes
    """See Stack."""
    gone: Callable[[str], None]
    """Tell the supervisor that a connection which it handed over has no socket any more."""
    ports: Mapping[str, int]
    """Name of a listener -> its port, where another worker has opened them."""
    rates: int
    """Descriptor of the memory of bus/shelf.py, which all share."""
    outputs: int
    """The same for tap/shared.py."""
    legs: int
    """The same for bus/tally.py: legs of calls."""
    servers: int
    """The same: server transactions."""
    clients: int
    """The same: client transactions."""
    opened: int
    """The same: connections that the edge opens."""
    handles: int
    """The same for bus/board.py."""

    @property
    def follows(self) -> bool:
        """Whether another worker has the listening sockets, and looks after neighbours and traversal zones."""
        return self.bus.worker != FIRST


def shared_of(colleagues: Colleagues) -> Shared:
    """For files that all of them write."""
    return Shared(colleagues.outputs, colleagues.bus.worker)


def stack_limits(settings: Settings) -> dict[str, int]:
    """For pjsip's Stack."""
    limits = settings.limits
    return {
        "max_message": limits.message,
        "max_transactions": limits.transactions,
        "max_transactions_per_connection": limits.transactions_per_connection,
        "workers": settings.workers,
    }
