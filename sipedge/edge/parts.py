"""What a running edge is made of, for those who ask it something."""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.network.connections import Connections
from sipedge.pjsip.stack import Stack
from sipedge.proxy.history import History
from sipedge.proxy.proxy import Proxy
from sipedge.settings import Limits, Settings

from .observers import Observers


@dataclass(frozen=True, slots=True)
class Parts:
    """At this moment: a reload puts others in the place of some."""

    settings: Settings
    proxy: Proxy
    connections: Connections
    stack: Stack
    observers: Observers
    history: History
    ending: bool
    """The edge was told to end."""


def stack_limits(limits: Limits) -> dict[str, int]:
    """What the stack is told of them."""
    return {
        "max_message": limits.message,
        "max_transactions": limits.transactions,
        "max_transactions_per_connection": limits.transactions_per_connection,
    }
