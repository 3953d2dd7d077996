"""A steady stream of MESSAGEs through an edge, each sent when its time has come whatever became of those before it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from time import perf_counter

CALLER, CALLEE, PORT = "127.0.0.4", "127.0.0.3", 5060
EDGE = "127.0.0.2"
PATIENCE = 5.0
"""Seconds after the last request in which answers still count."""
AGAIN = 0.01
"""Seconds between two attempts to connect."""
COPIED = (b"via", b"from", b"to", b"call-id", b"cseq")


@dataclass
class Seen:
    """What became of the requests, by their numbers."""

    sent: dict[int, float] = field(default_factory=dict)
    """When, by perf_counter; also those that found no connection."""
    answered: dict[int, tuple[int, float]] = field(default_factory=dict)
    """(status, seconds)."""
    unsent: int = 0
    """Requests whose time came while there was no connection."""
    arrived: set[int] = field(default_factory=set)
    """Numbers that the callee saw."""

    def add(self, other: Seen) -> None:
        """``other``: of another load, with other numbers."""
        self.sent |= other.sent
        self.answered |= other.answered
        self.unsent += other.unsent
        self.arrived |= other.arrived

    def percentile(self, part: float) -> float:
        """Of the seconds until a 200."""
        times = sorted(seconds for status, seconds in self.answered.values() if status == 200)
        return times[min(len(times) - 1, int(len(times) * part))] if times else float("nan")

    def lost(self) -> list[int]:
        """Requests that were sent and got no answer."""
        return [number for number in self.sent if number not in self.answered]


class Steady:
    """Caller and callee in one loop; the caller connects again when its connection has gone."""

    def __init__(self, target: str, first: int = 1) -> None:
        """``target``: the Request-URI. ``first``: number of the first request."""
        self.seen = Seen()
        self._target, self._next = target, first
        self._writer: asyncio.StreamWriter | None = None
        self._servers: set[asyncio.Task[None]] = set()

    async def run(self, rate: float, seconds: float) -> Seen:
        """``rate``: requests a second."""
        async with await asyncio.start_server(self._serve, CALLEE, PORT):
            caller = asyncio.create_task(self._call())
            end, due = perf_counter() + seconds, perf_counter()
            while due < end:
                await asyncio.sleep(max(0.0, due - perf_counter()))
                self._send()
                due += 1 / rate
            until = perf_counter() + PATIENCE
            while self.seen.lost() and perf_counter() < until:
                await asyncio.sleep(0.05)
            for task in (caller, *self._servers):
                task.cancel()
            await asyncio.gather(caller, *self._servers, return_exceptions=True)
        return self.seen

    def _send(self) -> None:
        number, self._next = self._next, self._next + 1
        if self._writer is None or self._writer.is_closing():
            self.seen.unsent += 1
            return
        self.seen.sent[number] = perf_counter()
        self._writer.write(_request(self._target, number))

    async def _call(self) -> None:
        """Keep a connection to the edge, and take the answers."""
        while True:
            try:
                reader, self._writer = await asyncio.open_connection(EDGE, PORT, local_addr=(CALLER, 0))
                while True:
                    head = await _head(reader)
                    number = _number(head)
                    self.seen.answered[number] = int(head[8:11]), perf_counter() - self.seen.sent[number]
            except (OSError, asyncio.IncompleteReadError):
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
                await asyncio.sleep(AGAIN)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._servers.add(task)
        try:
            while True:
                head = await _head(reader)
                self.seen.arrived.add(_number(head))
                writer.write(_answer(head))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()
        finally:
            self._servers.discard(task)


async def _head(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\r\n\r\n"))[:-4]


def _number(head: bytes) -> int:
    found = re.search(rb"^Call-ID: (\d+)@", head, re.MULTILINE)
    assert found is not None
    return int(found[1])


def _request(target: str, number: int) -> bytes:
    return (
        f"MESSAGE {target} SIP/2.0\r\n"
        f"Via: SIP/2.0/TCP {CALLER}:{PORT};branch=z9hG4bK-steady-{number}\r\n"
        f"From: <sip:alice@near.example>;tag=a{number}\r\nTo: <{target}>\r\n"
        f"Call-ID: {number}@{CALLER}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def _answer(head: bytes) -> bytes:
    lines = [b"SIP/2.0 200 OK"]
    for line in head.split(b"\r\n")[1:]:
        if (name := line.partition(b":")[0].strip().lower()) in COPIED:
            lines.append(line + (b";tag=callee" if name == b"to" else b""))
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])
