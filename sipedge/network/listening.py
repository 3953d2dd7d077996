"""The sockets that the edge listens on, each at its own place: address and port.

A place outlives its listener: a listener that changes at the same place keeps the socket, and a restarted worker takes
over the sockets of the one before it. What is new is opened before anything old is closed, so that a port in use leaves
everything as it was.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sipedge.settings import Listener, where
from zones.addresses import host_port

BACKLOG = 4096
"""Connections that wait to be accepted; the system bounds it (net.core.somaxconn). Where peers that come back find no
room, TCP lets them try again after 1, 3, 7 ... s."""

Place = tuple[str, int, str]
"""Address, port as configured, and the listener's name where the system chooses the port, else ''."""


@dataclass(slots=True, eq=False)
class _Open:
    listener: Listener
    socket: socket.socket
    server: asyncio.Server | None = None
    """None until ``serve``: connects wait in the backlog."""

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
        self.socket.close()


_WHY = {
    errno.EADDRINUSE: "is in use",
    errno.EADDRNOTAVAIL: "is no address of this machine",
    errno.EACCES: "may not be opened by this user (ports below 1024 are for root, or need CAP_NET_BIND_SERVICE)",
}


def place_of(listener: Listener) -> Place:
    return listener.address, listener.port, "" if listener.port else listener.name


def why_closed(error: OSError) -> str:
    """What keeps a port from being opened, said of its address."""
    return _WHY.get(error.errno or 0) or f"cannot be opened: {error.strerror or error}"


def open_socket(listener: Listener) -> socket.socket:
    """A socket that listens. Raises OSError, which names address and port."""
    family = socket.AF_INET6 if ":" in listener.address else socket.AF_INET
    opened = socket.create_server((listener.address, listener.port), family=family, backlog=BACKLOG)
    opened.setblocking(False)
    return opened


class Listening:
    """``open``, then ``swap``, then ``serve``; ``listen`` is all three."""

    def __init__(
        self,
        accept: Callable[[Listener], asyncio.BaseProtocol],
        inherited: Mapping[Place, socket.socket],
        opener: Callable[[Listener], socket.socket],
    ) -> None:
        """``accept`` makes the protocol of each connection. ``inherited``: sockets that listen already."""
        self._accept = accept
        self._inherited = dict(inherited)
        self._opener = opener
        self._open: dict[Place, _Open] = {}

    def open(self, listeners: Iterable[Listener], places: Mapping[str, str]) -> dict[Place, socket.socket]:
        """Open what these listeners need beside what is really open. Raises OSError; then nothing new is open.

        ``places``: Settings.places.
        """
        opened: dict[Place, socket.socket] = {}
        try:
            for listener in listeners:
                place = place_of(listener)
                if place not in self._open and place not in opened:
                    inherited = place in self._inherited
                    opened[place] = self._inherited.pop(place) if inherited else self._opener(listener)
        except OSError as error:
            for made in opened.values():
                made.close()
            named = f'listener "{listener.name}"{where(places, f"listener {listener.name}")}'
            raise OSError(f"{named}: {host_port(listener.address, listener.port)} {why_closed(error)}") from None
        return opened

    def swap(self, listeners: Iterable[Listener], opened: Mapping[Place, socket.socket]) -> None:
        """From now on connections belong to these listeners. Places that none of them has are closed."""
        before, self._open = self._open, {}
        for listener in listeners:
            place = place_of(listener)
            kept = before.pop(place, None) or _Open(listener, opened[place])
            kept.listener = listener
            self._open[place] = kept
        for gone in before.values():
            gone.close()

    async def serve(self) -> None:
        """Take connections at places that are new."""
        loop = asyncio.get_running_loop()
        for new in [each for each in self._open.values() if each.server is None]:
            new.server = await loop.create_server(
                lambda new=new: self._accept(new.listener),  # type: ignore[misc]  # mypy cannot infer the default
                sock=new.socket,
                backlog=BACKLOG,
            )

    async def listen(self, listeners: Iterable[Listener]) -> None:
        """Raises OSError."""
        listeners = tuple(listeners)
        self.swap(listeners, self.open(listeners, {}))
        await self.serve()

    def bound(self) -> dict[str, tuple[str, int]]:
        """Name of a listener -> its address and port, which the system has chosen for port 0."""
        return {each.listener.name: each.socket.getsockname()[:2] for each in self._open.values()}

    def sockets(self) -> dict[Place, socket.socket]:
        return {place: each.socket for place, each in self._open.items()}

    def close(self) -> None:
        """Take no more connections; those that were accepted stay."""
        self.swap((), {})
