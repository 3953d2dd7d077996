"""What the supervisor tells a worker: here is your end of a bus, here is a connection that somebody opened.

Each packet carries one descriptor (unix(7), SCM_RIGHTS). Only the supervisor writes, only the worker reads.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass

from sipedge.network.listening import Place

INTRODUCED, ACCEPTED = "introduced", "accepted"
PACKET = 4096


@dataclass(frozen=True, slots=True)
class Introduced:
    """Another worker lives: this is a stream to it."""

    worker: int
    stream: socket.socket


@dataclass(frozen=True, slots=True)
class Accepted:
    """A peer has connected at one of the listening sockets."""

    place: Place
    source: str
    """Whose share of the accepted connections it counts in (zones.addresses.source_of)."""
    too_many: str
    """Why it has to be refused; '' where there is room."""
    taken: socket.socket


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers have from their parent, whenever they are started."""

    secret: bytes
    """32 bytes: the key of the digests that name transactions."""
    transactions: int
    """Descriptor of the memory of bus/directory.py."""
    rates: int
    """The same of bus/shelf.py."""
    outputs: int
    """The same of tap/shared.py."""
    legs: int
    """The same of bus/tally.py: legs of calls."""
    servers: int
    """The same: server transactions."""
    clients: int
    """The same: client transactions."""
    opened: int
    """The same: connections that the edge opens."""
    handles: int
    """The same of bus/board.py."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Which of the workers a process is."""

    worker: int
    """0: the one that does what is done once; the others follow it."""
    start: int
    """How many processes had this seat before."""
    orders: socket.socket
    shared: Shared


def make_orders() -> tuple[socket.socket, socket.socket]:
    """(the supervisor's end, the worker's). Neither blocks."""
    own, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    own.setblocking(False)
    theirs.setblocking(False)
    return own, theirs


def introduce(orders: socket.socket, worker: int, stream: socket.socket) -> None:
    """Raises OSError: a worker that takes no orders is hung or gone."""
    socket.send_fds(orders, [json.dumps([INTRODUCED, worker]).encode()], [stream.fileno()])


def hand_over(orders: socket.socket, place: Place, source: str, too_many: str, taken: socket.socket) -> None:
    """Raises OSError: a worker that takes no orders is hung, gone or very busy."""
    socket.send_fds(orders, [json.dumps([ACCEPTED, place, source, too_many]).encode()], [taken.fileno()])


def receive(orders: socket.socket) -> Introduced | Accepted | None:
    """The worker's end: what has come, without waiting; None: nothing, or the supervisor is gone."""
    try:
        data, files, _, _ = socket.recv_fds(orders, PACKET, 1)
    except (BlockingIOError, ConnectionResetError):
        return None
    if not files:
        return None
    given = socket.socket(fileno=files[0])
    given.setblocking(False)
    what, *rest = json.loads(data)
    if what == INTRODUCED:
        return Introduced(rest[0], given)
    (address, port, name), source, too_many = rest
    return Accepted((address, port, name), source, too_many, given)
