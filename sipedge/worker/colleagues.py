"""This worker among the others: its bus, and what the supervisor orders."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping

from sipedge.bus.bus import Bus
from sipedge.bus.directory import Directory
from sipedge.control.channel.place import Place as ControlPlace
from sipedge.edge.others.colleagues import Colleagues
from sipedge.edge.server import Server
from sipedge.network.listening import Place, place_of
from sipedge.settings import Settings
from sipedge.supervisor.link import Kept, Link
from sipedge.supervisor.orders import Introduced, Seat, receive

PATIENCE = 2.0

logger = logging.getLogger("sipedge")


def colleagues(link: Link, settings: Settings, kept: Kept | None) -> Colleagues | None:
    """None where an edge has one worker."""
    if settings.workers == 1:
        return None
    ports = {} if kept is None else ports_of(settings, kept.sockets)
    seat, shared = link.seat, link.seat.shared
    directory = Directory(shared.transactions, seat.worker)
    tallies = shared.legs, shared.servers, shared.clients, shared.opened
    memory = shared.rates, shared.outputs, *tallies, shared.handles
    return Colleagues(Bus(seat.worker), seat.start, directory, shared.secret, link.gone, ports, *memory)


def ports_of(settings: Settings, sockets: Mapping[Place, socket.socket]) -> dict[str, int]:
    """Name of a listener -> its port, which the system has chosen for port 0."""
    bound = {place: each.getsockname()[1] for place, each in sockets.items()}
    return {each.name: bound[place_of(each)] for each in settings.listeners if place_of(each) in bound}


def kept_of(
    settings: Settings, packed: bytes, sockets: Mapping[Place, socket.socket], control: ControlPlace | None
) -> Kept:
    """All that the next worker needs, and the supervisor where it takes the connections."""
    limits = settings.limits
    first = tuple(place_of(each) for each in settings.listeners if each.zone)
    numbers = settings.workers, limits.connections, limits.connections_per_source
    return Kept(limits.heartbeat, packed, sockets, control, *numbers, first)


class Orders:
    """What the supervisor tells this worker. Belongs to the event loop."""

    def __init__(self, seat: Seat, server: Server, bus: Bus) -> None:
        self._seat, self._server, self._bus = seat, server, bus
        self._loop = asyncio.get_running_loop()
        self._joining: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """The server serves. Returns when this worker knows what those have that are there already."""
        self._loop.add_reader(self._seat.orders, self._take)
        self._take()
        await asyncio.gather(*self._joining)
        await asyncio.gather(*(self._bus.meet(each, PATIENCE) for each in self._bus.others))

    def end(self) -> None:
        self._loop.remove_reader(self._seat.orders)

    def _take(self) -> None:
        while (order := receive(self._seat.orders)) is not None:
            if isinstance(order, Introduced):
                task = self._loop.create_task(self._bus.join(order.worker, order.stream))
                self._joining.add(task)
                task.add_done_callback(self._joining.discard)
            else:
                self._server.accept(order.place, order.taken, order.source, order.too_many)
