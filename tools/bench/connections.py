"""What a message costs between socket and core: 1 KB over mutual TLS, framed, parsed, sent back.

``python -m tools.bench.connections [asyncio|uvloop]`` prints microseconds of CPU of the serving process for each
message: in and out (echo), in alone, out alone; with 1 and with 16 messages under way on each of 8 connections.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import uvloop

from sipedge.network.connections import Connections
from sipedge.network.revocation import Revocations
from sipedge.network.tls import TlsContexts
from sipedge.proxy.events import ConnectionOpened
from sipedge.settings import Certificate, Limits, Listener, Tls
from sipedge.sip.message import Message
from zones.table import Egress
from zones.zone import Hop, NeighborZone

from .certificates import Certificates, make_certificates

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
CONNECTIONS = 8
MESSAGES = 40_000
LISTENER = Listener("bench", "127.0.0.1", 0)
ZONE = NeighborZone(name="bench", peers=("127.0.0.1",))
HEAD = (
    b"MESSAGE sip:bob@example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/TLS a.example.com:5061;branch=z9hG4bK776asdhds\r\nMax-Forwards: 70\r\n"
    b"From: <sip:alice@a.example.com>;tag=1928301774\r\nTo: <sip:bob@example.com>\r\n"
    b"Call-ID: a84b4c76e66710@a.example.com\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
)
MODES = {"echo": b"e", "in alone": b"i", "out alone": b"o"}
BODY = 700


def message(kind: bytes) -> bytes:
    """``kind`` is the body's first letter and tells the server what to do."""
    return HEAD + b"Content-Length: %d\r\n\r\n" % BODY + kind * BODY


class Party:
    """One process: the server, or the client that counts."""

    def __init__(self, certificates: Certificates, name: str) -> None:
        own = Certificate(str(certificates.certificate(name)), str(certificates.key(name)))
        tls = Tls((own,), trusted=str(certificates.trusted))
        self.connections = Connections(
            limits=Limits(),
            tls=TlsContexts(tls, [LISTENER], [ZONE]),
            egress=lambda hop, names, usages: Egress(),
            revocations=Revocations([ZONE]),
            on_opened=self.opened,
            on_message=self.message,
            on_read=lambda: None,
            on_malformed=lambda number, error: None,
            on_failed=lambda failed: None,
            on_closed=lambda closed, unsent: None,
            is_used=lambda connection: False,
            is_owed=lambda connection: False,
            retire_within=180.0,
        )

    def opened(self, event: ConnectionOpened) -> None:
        pass

    def message(self, number: int, received: Message) -> None:
        raise NotImplementedError


class Server(Party):
    """Sends back what says so; for "i" only the last of a window, for "o" a window full."""

    window = 1
    received = 0

    def message(self, number: int, received: Message) -> None:
        self.received += 1
        kind = received.body[:1]
        data = received.head + received.body
        if kind == b"e" or (kind == b"i" and self.received % self.window == 0):
            self.connections.send(number, data)
        elif kind == b"o":
            for _ in range(self.window):
                self.connections.send(number, data)


class Client(Party):
    def __init__(self, certificates: Certificates, mode: str, window: int) -> None:
        super().__init__(certificates, "load")
        self.done = asyncio.Event()
        self._mode, self._window = mode, window
        self._data = message(MODES[mode])
        self._left = MESSAGES
        self._came: dict[int, int] = {}

    def opened(self, event: ConnectionOpened) -> None:
        self._came[event.connection] = 0
        self._give(event.connection, 1 if self._mode == "out alone" else self._window)

    def message(self, number: int, received: Message) -> None:
        self._left -= self._window if self._mode == "in alone" else 1
        self._came[number] += 1
        if self._left <= 0:
            self.done.set()
        elif self._mode == "echo":
            self._give(number, 1)
        elif self._mode == "in alone":
            self._give(number, self._window)
        elif self._came[number] % self._window == 0:
            self._give(number, 1)

    def _give(self, number: int, count: int) -> None:
        for _ in range(count):
            self.connections.send(number, self._data)


def serve(loop: str, folder: Path, window: int, pipe: Pipe) -> None:
    os.sched_setaffinity(0, {0})

    async def main() -> None:
        server = Server(Certificates(folder), "edge")
        server.window = window
        server.connections.listening.listen([LISTENER])
        pipe.send(server.connections.listening.bound()[LISTENER.name])
        running = asyncio.get_running_loop()
        asked: list[None] = []
        twice = asyncio.Event()

        def tell() -> None:
            asked.append(pipe.recv())
            pipe.send(time.process_time())
            if len(asked) == 2:
                twice.set()

        running.add_reader(pipe.fileno(), tell)
        await twice.wait()
        running.remove_reader(pipe.fileno())
        await server.connections.aclose()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main())


def measure(loop: str, folder: Path, mode: str, window: int) -> tuple[float, float]:
    """Microseconds of the server's CPU for each message, and messages a second."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    server = context.Process(target=serve, args=(loop, folder, window, theirs))
    server.start()
    address, port = pipe.recv()

    async def main() -> tuple[float, float]:
        client = Client(Certificates(folder), mode, window)
        pipe.send(None)
        before, begin = pipe.recv(), time.monotonic()
        for number in range(CONNECTIONS):
            client.connections.connect(Hop("bench", "TLS", address, port, f"{number}.example.com"), ZONE.tls)
        await client.done.wait()
        seconds = time.monotonic() - begin
        pipe.send(None)
        used = pipe.recv() - before
        await client.connections.aclose()
        return used / MESSAGES * 1e6, MESSAGES / seconds

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        result = runner.run(main())
    server.join()
    return result


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        make_certificates(Path(folder))
        for loop in sys.argv[1:] or list(LOOPS):
            for mode in MODES:
                for window in (1, 16):
                    cpu, rate = measure(loop, Path(folder), mode, window)
                    print(f"{loop:8} {mode:10} window {window:2}: {cpu:6.1f} us CPU a message, {rate:8,.0f}/s")


if __name__ == "__main__":
    main()
