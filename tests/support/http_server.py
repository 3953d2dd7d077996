"""An HTTP server on loopback that says what a test wants."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass
class HttpServer:
    """``async with``; ``answers``: path -> the body of a 200, or whole bytes that are sent as they are."""

    answers: dict[str, bytes] = field(default_factory=dict)
    raw: bytes | None = None
    """Sent in place of any answer; b"" keeps the client waiting."""
    asked: list[bytes] = field(default_factory=list)
    """Heads of requests, with their bodies."""
    port: int = 0

    async def __aenter__(self) -> HttpServer:
        self._ended = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        self._server.close()
        await self._server.wait_closed()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        self.asked.append(head + (await reader.readexactly(int(length)) if length else b""))
        writer.write(self._answer(head.split(b" ")[1].decode()))
        if self.raw == b"":
            await self._ended.wait()
        writer.close()

    def _answer(self, path: str) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.answers.get(path)
        if body is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
