"""What a running edge is made of, for those who ask it something."""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.network.connections import Connections
from sipedge.pjsip.stack import Stack
from sipedge.proxy.history import History
from sipedge.proxy.proxy import Proxy
from sipedge.settings import Settings

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
