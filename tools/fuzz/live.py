"""A running edge under mutated messages: it answers a probe in time, forwards nothing wrong and logs no fault."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import monotonic
from typing import cast

from sipedge.lab.ca import Authority, Pem
from tools.live import wire
from tools.live.edge import LiveEdge

from .live_setting import CONFIG, DIALPLAN, TCP_PORT, TLS_PORT, Places
from .mutations import mutated
from .oracle import fault_of
from .stranger import prepared

RATE = 1200
"""Messages a second that are aimed at; what was reached is reported."""
SENDERS = 16
BATCH = 3
BATCHES = 2
"""A connection sends so many at most: what follows a message whose end is lost is lost, too."""
STREAMS = 3000
"""Connections whose bytes are kept for the oracle: some fifteen seconds."""
GOODBYE = 0.3
"""Seconds that a stranger waits for what is still to be said: a close with bytes unread would be an RST, which takes
what it has sent out of the edge's hands, too."""
PROBE_PAUSE = 0.1
PROBE_LIMIT = 2.0
"""Seconds in which the honest peer's request must be answered, whatever strangers send."""
GROWTH = 64.0
"""Megabytes that the worker may grow by."""
WILD_ANSWERS = (b"100 Trying", b"183 Session Progress", b"200 OK", b"302 Moved", b"404 Not Found", b"503 Busy")


class Inside(asyncio.Protocol):
    """The callee: answers, and shows each request to the oracle."""

    def __init__(self, fuzz: LiveFuzz) -> None:
        self._fuzz = fuzz
        self._splitter = wire.Splitter()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._splitter.feed(data)
        except ValueError as error:
            self._fuzz.fault(f"what reached the callee has no end: {error}", data)
            self._transport.abort()
            return
        for message in messages:
            if not wire.status_of(message):
                self._fuzz.arrived(message)
                if not message.startswith(b"ACK "):
                    self._transport.write(self.answer_to(message))

    def answer_to(self, request: bytes) -> bytes:
        return wire.answer(request, b"200 OK", b"inside")


class Wild(Inside):
    """A callee whose answers are as mutated as the strangers' requests."""

    def answer_to(self, request: bytes) -> bytes:
        chance = self._fuzz.wild
        sound = [wire.answer(request, status, b"wild") for status in WILD_ANSWERS]
        return mutated(chance, sound) + (chance.choice(sound) if chance.random() < 0.5 else b"")


class LiveFuzz:
    def __init__(self, folder: Path, samples: Sequence[bytes], seed: int) -> None:
        self._folder, self._samples, self._seed = folder, samples, seed
        self.wild = Random(seed)
        self.places = Places(*wire.addresses(5, 44))
        self._edge_name = self.places.edge.encode()
        authority = Authority(folder)
        own = authority.issue("edge", common_name="edge.example.com", names=(self.places.edge,))
        self._stranger = authority.issue("stranger", common_name="evil.example", names=("evil.example",))
        self._trusted = authority.file
        self.edge = LiveEdge(folder, CONFIG % self._words(own), DIALPLAN)
        self._streams: deque[bytearray] = deque(maxlen=STREAMS)
        self._signed: deque[bytes] = deque(maxlen=50)
        self.sent = self.forwarded = self.probes = 0
        self.slowest = 0.0
        self.answers: Counter[int] = Counter()
        self.faults: list[str] = []
        self.memory = (0.0, 0.0)

    async def run(self, seconds: float) -> None:
        """Send for so long; ``faults`` has what went wrong."""
        loop = asyncio.get_running_loop()
        inside = await loop.create_server(lambda: Inside(self), self.places.inside, TCP_PORT)
        wild = await loop.create_server(lambda: Wild(self), self.places.wild, TCP_PORT)
        try:
            async with self.edge:
                began = self.edge.resident()
                await self._send_for(seconds)
                await self._probe()
                self.memory = (began, self.edge.resident())
        finally:
            inside.close()
            wild.close()
        if self.memory[1] > self.memory[0] + GROWTH:
            self.fault(f"the worker grew from {self.memory[0]:.0f} to {self.memory[1]:.0f} MB", b"")
        for line in self.edge.trouble:
            self.fault(f"the edge's log says: {line}", self._recent())
        if self.edge.deaths:
            self.fault(f"the worker ended {self.edge.deaths} times", self._recent())

    def _recent(self) -> bytes:
        """What was sent lately, connection by connection."""
        return b"\n\n== connection\n\n".join(self._streams)

    async def _send_for(self, seconds: float) -> None:
        end = monotonic() + seconds
        tasks = [asyncio.create_task(self._sender(number, end)) for number in range(SENDERS)]
        tasks.append(asyncio.create_task(self._prober(end)))
        await asyncio.gather(*tasks)

    async def _sender(self, number: int, end: float) -> None:
        """A stranger: over TLS through the Default Zone, or over TCP as the neighbour that speaks nonsense."""
        chance = Random(self._seed * SENDERS + number)
        context = self._context() if number == 0 else None
        due = monotonic()
        while monotonic() < end:
            try:
                due = await self._connection(chance, context, due)
            except (OSError, ssl.SSLError, TimeoutError):
                due = monotonic()
                await asyncio.sleep(0.01)

    async def _connection(self, chance: Random, context: ssl.SSLContext | None, due: float) -> float:
        """One connection until the edge or the end of its batches ends it; when the next batch is due."""
        reader, writer = await asyncio.open_connection(
            self.places.edge,
            TLS_PORT if context else TCP_PORT,
            local_addr=(self.places.stranger, 0),
            ssl=context,
            server_hostname=self.places.edge if context else None,
        )
        stream = bytearray()
        self._streams.append(stream)
        taking = asyncio.create_task(self._take(reader))
        try:
            for _ in range(chance.randint(1, BATCHES)):
                for _ in range(BATCH):
                    self.sent += 1
                    stream += (message := prepared(chance, self.sent, self._samples, self._edge_name, self._signed))
                    writer.write(message)
                await asyncio.wait_for(writer.drain(), 5)
                due += BATCH * SENDERS / RATE
                await asyncio.sleep(max(0.0, due - monotonic()))
                if taking.done():
                    break
            if context is None:
                writer.write_eof()
            await asyncio.wait({taking}, timeout=GOODBYE)
        finally:
            taking.cancel()
            writer.close()
        return max(due, monotonic() - 1)

    async def _take(self, reader: asyncio.StreamReader) -> None:
        """Read what the edge says, so that it is never its reader that holds it up."""
        while data := await reader.read(65536):
            self.answers.update(int(status) for status in re.findall(rb"(?m)^SIP/2\.0 (\d{3}) ", data))
            self._signed.extend(re.findall(rb"(?m)^Record-Route: (<[^>\r\n]*%b[^>\r\n]*>)" % self._edge_name, data))

    async def _prober(self, end: float) -> None:
        while monotonic() < end:
            await self._probe()
            await asyncio.sleep(PROBE_PAUSE)

    async def _probe(self) -> None:
        """An honest peer's MESSAGE, on a connection of its own, there and back."""
        self.probes += 1
        began = monotonic()
        try:
            async with asyncio.timeout(PROBE_LIMIT):
                await self._ask()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.fault(f"the honest peer was not served: {type(error).__name__} {error}", self._recent())
        self.slowest = max(self.slowest, monotonic() - began)

    async def _ask(self) -> None:
        own = self.places.honest
        reader, writer = await asyncio.open_connection(self.places.edge, TCP_PORT, local_addr=(own, 0))
        try:
            request = PROBE % {b"own": own.encode(), b"number": self.probes}
            stream = bytearray(request)
            self._streams.append(stream)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if wire.status_of(head) != 200:
                raise ValueError(f"it got {head[:40]!r}")
        finally:
            writer.close()

    def arrived(self, request: bytes) -> None:
        self.forwarded += 1
        if problem := fault_of(request, (bytes(stream) for stream in reversed(self._streams)), self._edge_name):
            self.fault(f"a wrong forward: {problem}", request)

    def fault(self, sentence: str, evidence: bytes) -> None:
        """Keep it with what there is to look at; ``evidence``: a file in the folder of the run."""
        file = self._folder / f"evidence-{len(self.faults) + 1}"
        file.write_bytes(evidence)
        self.faults.append(f"{sentence} ({file})")

    def report(self, seconds: float) -> Iterator[str]:
        yield f"{self.sent} messages in {seconds:.0f} s ({self.sent / seconds:.0f}/s), {self.forwarded} forwarded"
        statuses = ", ".join(f"{count} x {status}" for status, count in self.answers.most_common(8))
        yield f"answers: {statuses}"
        yield f"{self.probes} probes, slowest {1000 * self.slowest:.0f} ms"
        yield f"worker: {self.memory[0]:.0f} -> {self.memory[1]:.0f} MB"
        yield from (f"found: {fault}" for fault in self.faults[:20])

    def _words(self, own: Pem) -> dict[str, str]:
        places = {name: getattr(self.places, name) for name in self.places.__dataclass_fields__}
        return {
            **places, "trusted": str(self._trusted), "certificate": str(own.certificate), "key": str(own.key),
        }  # fmt: skip

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._trusted))
        context.load_cert_chain(self._stranger.certificate, self._stranger.key)
        return context


PROBE = (
    b"MESSAGE sip:bob@far.example SIP/2.0\r\nVia: SIP/2.0/TCP %(own)b;branch=z9hG4bKprobe%(number)d\r\n"
    b"Max-Forwards: 70\r\nFrom: <sip:alice@near.example>;tag=%(number)d\r\nTo: <sip:bob@far.example>\r\n"
    b"Call-ID: probe-%(number)d\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
)


async def fuzz_live(folder: Path, samples: Sequence[bytes], seed: int, seconds: float) -> LiveFuzz:
    fuzz = LiveFuzz(folder, samples, seed)
    with contextlib.suppress(asyncio.CancelledError):
        await fuzz.run(seconds)
    return fuzz
