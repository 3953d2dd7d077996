"""Why a server's TLS fails where HAProxy only says that it does: the edge shakes hands itself, OpenSSL says why."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import replace

from sipedge.servers.state import PoolState, ServerState

from .pools import Pool
from .states import UNEXPLAINED

LIMIT = 3.0
"""Seconds for a handshake."""
AGAIN = 30.0
"""Seconds until one that still fails is asked again."""

Server = tuple[str, str, str]
"""Pool, name and address."""


class Causes:
    """Lives in the event loop."""

    def __init__(self, trusted: str) -> None:
        """``trusted``: the PEM file of CAs. Raises OSError."""
        self._known: dict[Server, str] = {}
        self._context = ssl.create_default_context(cafile=trusted)
        self._context.check_hostname = False  # HAProxy says this one itself
        self._asked: dict[Server, float] = {}

    async def look(self, pools: Sequence[Pool], states: Sequence[PoolState]) -> None:
        """Ask the servers whose failure nobody has explained; forget those that do not fail any more."""
        now = asyncio.get_running_loop().time()
        certified = {(pool.title, member.name): member.certified for pool in pools for member in pool.members}
        failing = {
            (state.name, server.name, server.address): certified[state.name, server.name]
            for state in states
            for server in state.servers
            if server.reason.endswith(UNEXPLAINED) and server.address
        }
        self._known = {server: cause for server, cause in self._known.items() if server in failing}
        self._asked = {server: then for server, then in self._asked.items() if server in failing}
        due = [server for server in failing if now - self._asked.get(server, -AGAIN) >= AGAIN]
        self._asked |= dict.fromkeys(due, now)
        causes = await asyncio.gather(*(self._cause(server[2], failing[server]) for server in due))
        self._known |= {server: cause for server, cause in zip(due, causes, strict=True) if cause}

    def explained(self, states: Sequence[PoolState]) -> tuple[PoolState, ...]:
        """With what was found in place of HAProxy's words."""
        return tuple(
            replace(state, servers=tuple(self._explained(state.name, server) for server in state.servers))
            for state in states
        )

    def _explained(self, pool: str, server: ServerState) -> ServerState:
        cause = self._known.get((pool, server.name, server.address))
        return replace(server, reason=server.reason.replace(UNEXPLAINED, cause)) if cause else server

    async def _cause(self, address: str, name: str) -> str:
        """'' where the handshake succeeds, or nothing better is known."""
        host, _, port = address.rpartition(":")
        opening = asyncio.open_connection(host.strip("[]"), int(port), ssl=self._context, server_hostname=name)
        try:
            _, writer = await asyncio.wait_for(opening, LIMIT)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        except ssl.SSLError as error:
            return (error.reason or "").replace("_", " ").lower()
        except (OSError, TimeoutError):
            return ""
        writer.transport.abort()
        return ""
