"""What a worker tells its supervisor, over a pair of sockets: it lives, this is in force, a reload is over.

A packet's first byte is its kind. What is in force travels as open files (unix(7), SCM_RIGHTS): one in memory with the
configuration, the listening sockets, the control socket. The supervisor never writes; when it is gone, the worker's
end reads its end.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread

from sipedge.control.channel.place import Place as ControlPlace
from sipedge.network.listening import Place

from .orders import Seat

BEAT, KEEP, DONE, GONE = b".", b"K", b"D", b"G"
PACKET = 65536
MOST_SOCKETS = 250
"""The kernel passes 253 files at once. Further sockets are not kept: the next worker opens them anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """All that the next worker needs."""

    heartbeat: float
    """Seconds without a sign of life after which a worker counts as hung."""
    packed: bytes
    """Of InForce; the supervisor does not look into it."""
    sockets: Mapping[Place, socket.socket]
    control: ControlPlace | None = None
    """Where the edge can be asked."""
    workers: int = 1
    """How many processes serve. Where there are several, the supervisor takes the connections."""
    connections: int = 0
    connections_per_source: int = 0
    """See Limits; they count where the supervisor takes the connections."""
    for_first: tuple[Place, ...] = ()
    """Where connections come that worker 0 has to have."""

    def stop_listening(self) -> None:
        """Close this process's copies of the SIP sockets: nobody connects where nobody will accept."""
        for each in self.sockets.values():
            each.close()

    def close(self) -> None:
        """Close this process's copies of all sockets: others have come in their place."""
        self.stop_listening()
        if self.control is not None:
            self.control.socket.close()


class Link:
    """The worker's end."""

    def __init__(self, channel: socket.socket, seat: Seat) -> None:
        self._channel, self.seat = channel, seat
        self._unsent: list[tuple[bytes, list[int]]] = []

    def end_with_parent(self) -> None:
        """End this process by SIGTERM when the supervisor ends, however it ends."""

        def watch() -> None:
            select.select([self._channel], [], [])
            os.kill(os.getpid(), signal.SIGTERM)

        Thread(target=watch, daemon=True, name="parent").start()

    def beat(self) -> None:
        """To be called from the event loop, again and again."""
        if not self._unsent:
            self._unsent.append((BEAT, []))
        self._flush()

    def keep(self, kept: Kept) -> None:
        """From now on a restart begins with this."""
        in_memory = os.memfd_create("in force")
        with open(in_memory, "wb", closefd=False) as file:
            file.write(kept.packed)
        places = list(kept.sockets)[:MOST_SOCKETS]
        control = kept.control
        sockets = [*(kept.sockets[place] for place in places), *([control.socket] if control else [])]
        files = [in_memory, *(os.dup(each.fileno()) for each in sockets)]
        where = (control.path, control.identity) if control else None
        numbers = (kept.heartbeat, kept.workers, kept.connections, kept.connections_per_source)
        header = json.dumps({"numbers": numbers, "places": places, "control": where, "first": kept.for_first})
        self._unsent.append((KEEP + header.encode(), files))
        self._flush()

    def gone(self, source: str) -> None:
        """A connection that the supervisor handed over has no socket any more."""
        self._unsent.append((GONE + source.encode(), []))
        self._flush()

    def done(self) -> None:
        """No reload is under way any more; of a worker that follows: it serves."""
        self._unsent.append((DONE, []))
        self._flush()

    def _flush(self) -> None:
        """Send what there is; the next beat tries again."""
        while self._unsent:
            data, files = self._unsent[0]
            try:
                socket.send_fds(self._channel, [data], files)
            except BlockingIOError:
                return
            except OSError:
                pass  # the supervisor is gone, and ``end_with_parent`` sees to the rest
            del self._unsent[0]
            for file in files:
                os.close(file)


def make_channel() -> tuple[socket.socket, socket.socket]:
    """(the supervisor's end, the worker's). Neither blocks: each must live on while the other is stopped."""
    own, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    own.setblocking(False)
    theirs.setblocking(False)
    return own, theirs


def receive(channel: socket.socket) -> bytes | Kept | None:
    """The supervisor's end: what has come, without waiting. b'': the worker's end is closed; None: nothing came."""
    try:
        data, files, _, _ = socket.recv_fds(channel, PACKET, MOST_SOCKETS + 2)
    except BlockingIOError:
        return None
    except ConnectionResetError:
        return b""
    if data[:1] != KEEP:
        return data
    header = json.loads(data[1:])
    with open(files[0], "rb") as in_memory:
        in_memory.seek(0)
        packed = in_memory.read()
    places = [(address, port, name) for address, port, name in header["places"]]
    sockets = [socket.socket(fileno=file) for file in files[1:]]
    control = None
    if header["control"]:
        path, (device, inode) = header["control"]
        control = ControlPlace(path, sockets.pop(), (device, inode))
    heartbeat, workers, connections, per_source = header["numbers"]
    first = tuple((address, port, name) for address, port, name in header["first"])
    return Kept(
        heartbeat, packed, dict(zip(places, sockets, strict=True)), control, workers, connections, per_source, first
    )
