"""A whole edge over TCP without network: connections, pjsip, core and loop are real, only the sockets are memory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from time import time
from typing import Any

from sipedge.edge.in_force import InForce, Standing
from sipedge.edge.others.colleagues import Colleagues
from sipedge.edge.server import Server
from sipedge.network.listening import place_of
from sipedge.network.tcp.sockets import Sockets
from sipedge.network.tcp.transport import End, Receiver, Transport
from sipedge.network.tls import read_files
from sipedge.settings import Limits, Settings
from sipedge.sip.framing import Frame, Framer
from sipedge.sip.message import Message
from sipedge.worker.control import Control
from sipedge.worker.services import Services
from zones.addresses import source_of

from .clock import Clock

EDGE = "203.0.113.1"
TURNS = 5
"""Of the loop: more than anything takes that needs no time."""
Taker = Callable[[], object]


class Far(Transport):
    """Both a connection's transport and the peer behind it, which closes as soon as the edge does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receiver: Receiver, address: str, port: int) -> None:
        self.socket = socket.socket()
        self.address, self._port = address, port
        self._loop = loop
        self._framer = Framer(Limits())
        self._written = b""
        self.receiver = receiver
        self.receiver.connection_made(self)

    def ends(self) -> tuple[End, End]:
        return (self.address, self._port), (EDGE, 5060)

    def send(self, *messages: Message) -> None:
        """Have the edge read these, in as few reads as it allows."""
        self.write_in(b"".join(message.to_bytes() for message in messages))

    def write_in(self, data: bytes) -> None:
        """Have the edge read these bytes, as long as it does."""
        while data and not self.is_closing():
            space = self.receiver.get_buffer(-1)
            count = min(len(space), len(data))
            space[:count] = data[:count]
            self.receiver.buffer_updated(count)
            data = data[count:]

    def written(self) -> bytes:
        """What the edge wrote since the last call of this or of ``frames``."""
        written, self._written = self._written, b""
        return written

    def frames(self) -> list[Frame]:
        return self._framer.feed(self.written())

    def received(self) -> list[Message]:
        """As ``frames``, of an edge that writes nothing but messages."""
        frames = self.frames()
        assert all(isinstance(frame, Message) for frame in frames)
        return frames  # type: ignore[return-value]

    def is_closing(self) -> bool:
        return self.socket.fileno() < 0

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self._written += data

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def write_eof(self) -> None:
        self.abort()

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self.is_closing():
            self.socket.close()
            self._loop.call_soon(self.receiver.connection_lost, None)


class ListeningSocket(socket.socket):
    """It is bound to nothing. ``caller``: who has just connected."""

    caller = ""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def getsockname(self) -> tuple[str, int]:
        return EDGE, self._port

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """Raises BlockingIOError."""
        caller, self.caller = self.caller, ""
        if not caller:
            raise BlockingIOError
        return Taken(caller), (caller, 40000)


class Taken(socket.socket):
    """Connected to nothing; a Far takes its place."""

    def __init__(self, caller: str) -> None:
        super().__init__()
        self.caller = caller


class MemoryLoop(Clock):
    """Where the edge listens and whom it calls."""

    def __init__(self) -> None:
        super().__init__()
        self.listening: dict[int, tuple[ListeningSocket, Taker]] = {}
        """Port -> its socket, and what takes who has connected."""
        self.came: Far
        """Who has connected last."""
        self.called: list[Far] = []
        self.answer = asyncio.Event()
        """Calls are answered while it is set."""
        self.answer.set()
        self.refused = ""
        """An address where nobody listens."""

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]
        if isinstance(fd, ListeningSocket):
            self.listening[fd.getsockname()[1]] = fd, partial(callback, *args)
        else:
            super().add_reader(fd, callback, *args)

    def remove_reader(self, fd: Any) -> bool:
        if isinstance(fd, ListeningSocket):
            return self.listening.pop(fd.getsockname()[1], None) is not None
        return super().remove_reader(fd)

    def call_in(self, address: str, port: int) -> Far:
        """A peer connects."""
        listening, take = self.listening[port]
        listening.caller = address
        take()
        return self.came


class MemorySockets(Sockets):
    def __init__(self, loop: MemoryLoop) -> None:
        self._memory = loop

    @staticmethod
    def listen(address: str, port: int) -> socket.socket:
        return ListeningSocket(port)

    def take(self, raw: socket.socket, receiver: Receiver) -> None:
        assert isinstance(raw, Taken)
        self._memory.came = Far(self._memory, receiver, raw.caller, 40000)
        raw.close()

    async def connect(self, receiver: Receiver, address: str, port: int, source: str) -> None:
        await self._memory.answer.wait()
        if address == self._memory.refused:
            raise ConnectionRefusedError(111, "refused")
        self._memory.called.append(Far(self._memory, receiver, address, port))

    def close(self) -> None:
        pass


class MemoryEdge:
    def __init__(self, settings: Settings, path: str, colleagues: Colleagues | None) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MemoryLoop)
        self.loop = loop
        force = InForce(settings, read_files(settings.tls))
        self.server = Server(force, {}, lambda: MemorySockets(loop), colleagues=colleagues)
        self._settings, self._is_of_several = settings, colleagues is not None
        self.control = Control(self.server, path, Standing(force, time()), lambda standing, place: None, Services())

    def accept(self, address: str, port: int = 5060) -> Far:
        """A peer connects to the listener of this port."""
        if not self._is_of_several:
            return self.loop.call_in(address, port)
        listener = next(each for each in self._settings.listeners if each.port == port)
        self.server.accept(place_of(listener), Taken(address), source_of(address), "")  # the supervisor has taken it
        return self.loop.came

    async def turn(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)


def run_edge(
    settings: Settings,
    scenario: Callable[[MemoryEdge], Awaitable[None]],
    path: str = "",
    loop_factory: type[MemoryLoop] = MemoryLoop,
    colleagues: Colleagues | None = None,
) -> None:
    """Start an edge, go through the scenario, and end it. ``path``: of the configuration that a reload reads.

    ``colleagues``: where it is one of several workers.
    """

    async def run() -> None:
        edge = MemoryEdge(settings, path, colleagues)
        await edge.server.start()
        try:
            await scenario(edge)
        finally:
            edge.server.stop()
            await edge.server.run()
            await edge.control.aclose()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())
