"""The sockets that the edge listens on, each at its own place: address and port.

A place outlives its listener: a listener that changes at the same place keeps the socket, and a restarted worker takes
over the sockets of the one before it. What is new is opened before anything old is closed, so that a port in use leaves
everything as it was.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sipedge.settings import Listener, where
from zones.addresses import host_port

AT_ONCE = 8
"""Connections taken at one place in one turn of the loop; the others wait in the backlog. uvloop's own server takes all
that wait: 2,000 peers that come back would hold up everybody else for a tenth of a second."""
PAUSE = 1.0
"""Seconds without taking any at a place where the system gives none, for lack of descriptors as a rule."""

Place = tuple[str, int, str]
"""Address, port as configured, and the listener's name where the system chooses the port, else ''."""

_log = logging.getLogger("sipedge.connections")


@dataclass(slots=True, eq=False)
class _Open:
    listener: Listener
    socket: socket.socket
    serves: bool = False
    """False until ``serve``: connects wait in the backlog."""
    pause: asyncio.TimerHandle | None = None


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


class Listening:
    """``open``, then ``swap``, then ``serve``; ``listen`` is all three."""

    def __init__(
        self,
        accept: Callable[[Listener, socket.socket], None],
        inherited: Mapping[Place, socket.socket],
        opener: Callable[[str, int], socket.socket],
    ) -> None:
        """Inside a running event loop. ``accept`` gets the socket of each connection.

        ``inherited``: sockets that listen already.
        """
        self._loop = asyncio.get_running_loop()
        self._accept = accept
        self._inherited = dict(inherited)
        self._opener = opener
        self._open: dict[Place, _Open] = {}
        """A task that nobody holds may be collected."""

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
                    opened[place] = (
                        self._inherited.pop(place) if inherited else self._opener(listener.address, listener.port)
                    )
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
            self._close(gone)

    def serve(self) -> None:
        """Take connections at places that are new."""
        for new in [each for each in self._open.values() if not each.serves]:
            new.serves = True
            self._go_on(new)

    def listen(self, listeners: Iterable[Listener]) -> None:
        """Raises OSError."""
        listeners = tuple(listeners)
        self.swap(listeners, self.open(listeners, {}))
        self.serve()

    def bound(self) -> dict[str, tuple[str, int]]:
        """Name of a listener -> its address and port, which the system has chosen for port 0."""
        return {each.listener.name: each.socket.getsockname()[:2] for each in self._open.values()}

    def sockets(self) -> dict[Place, socket.socket]:
        return {place: each.socket for place, each in self._open.items()}

    def close(self) -> None:
        """Take no more connections; those that were accepted stay."""
        self.swap((), {})

    def _go_on(self, place: _Open) -> None:
        place.pause = None
        self._loop.add_reader(place.socket, self._take, place)

    def _take(self, place: _Open) -> None:
        for _ in range(AT_ONCE):
            try:
                taken, _ = place.socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                where = host_port(*place.socket.getsockname()[:2])
                _log.error("%s: no connection can be taken: %s", where, error.strerror or error)
                self._loop.remove_reader(place.socket)
                place.pause = self._loop.call_later(PAUSE, self._go_on, place)
                return
            self._accept(place.listener, taken)

    def _close(self, place: _Open) -> None:
        if place.pause is not None:
            place.pause.cancel()
        elif place.serves:
            self._loop.remove_reader(place.socket)
        place.socket.close()
