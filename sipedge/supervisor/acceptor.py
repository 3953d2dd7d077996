"""Connections taken at the listening sockets, each given to the worker that has the fewest.

The limits on accepted connections hold for all workers together, so they are counted here. One that is too many is
handed over with the reason: the worker refuses it in the usual words.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Sequence

from sipedge.network.admission import Admission
from sipedge.network.listening import Place
from sipedge.settings import Limits
from zones.addresses import source_of

from .child import Child
from .link import Kept
from .orders import hand_over

AT_ONCE = 32
"""Connections taken from one socket between two looks at signals and heartbeats."""

logger = logging.getLogger("sipedge.supervisor")


class Acceptor:
    """Belongs to the supervisor's loop."""

    def __init__(self) -> None:
        self._admission = Admission()

    def take(
        self,
        kept: Kept,
        ready: Sequence[object],
        children: Iterable[Child],
    ) -> None:
        """Take what waits at those of the sockets that are ``ready``."""
        children = list(children)
        limits = Limits(connections=kept.connections, connections_per_source=kept.connections_per_source)
        for place, listening in kept.sockets.items():
            if listening in ready:
                able = [child for child in children if child.worker == 0 or place not in kept.for_first]
                self._take(place, listening, limits, able)

    def gone(self, child: Child, source: str) -> None:
        """A connection that was handed over has no socket any more."""
        if child.held[source] > 0:
            child.held[source] -= 1
            self._admission.leave(source)

    def ended(self, child: Child) -> None:
        """A worker has ended, and its connections with it."""
        for source, number in child.held.items():
            for _ in range(number):
                self._admission.leave(source)
        child.held.clear()

    def _take(self, place: Place, listening: socket.socket, limits: Limits, children: list[Child]) -> None:
        for _ in range(AT_ONCE):
            try:
                taken, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no more descriptors, or the peer is gone again
                logger.warning("a connection could not be taken: %s", error.strerror or error)
                return
            with taken:
                self._give(place, taken, source_of(address[0]), limits, children)

    def _give(self, place: Place, taken: socket.socket, source: str, limits: Limits, children: list[Child]) -> None:
        too_many = self._admission.enter(source, limits)
        for child in sorted(children, key=lambda child: child.connections):
            if child.orders is None or not child.serving:
                continue
            try:
                hand_over(child.orders, place, source, too_many, taken)
            except OSError:
                continue
            child.held[source] += 1
            return
        self._admission.leave(source)
        logger.warning("a connection from %s is closed: no worker takes it", source, extra={"source": source})
