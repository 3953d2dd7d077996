"""What another configuration needs, before it is put in force."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sipedge.journal.journal import Journal
from sipedge.network.listening import Place
from sipedge.network.resolver import Resolver
from sipedge.network.tls import TlsContexts

from .in_force import InForce
from .observers import Opened


@dataclass(frozen=True, slots=True)
class Prepared:
    """All of it is open already; nothing of it is in use."""

    force: InForce
    use_lists: Callable[[], None]
    """Of revocation."""
    contexts: TlsContexts
    resolver: Resolver
    observed: Opened
    journal: Journal | None
    """None: none, or the one that is in use."""
    opened: Mapping[Place, socket.socket]
    """Listening sockets at places that are new."""
