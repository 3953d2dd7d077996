"""A web server behind the edge: it says its name, keeps a WebSocket open, sends large files, and knows NTLM's steps.

NTLM logs in a connection, not a request; the server says as whom the connection counts in each answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from dataclasses import dataclass, field
from types import TracebackType

from sipedge.lab.parties.http import Request, echo, read_request, response, upgraded

from .certificates import Leaf

BLOCK = b"x" * 65536


@dataclass
class WebServer:
    """``async with``; without ``leaf`` it speaks plain HTTP."""

    name: str
    address: str
    port: int
    leaf: Leaf | None = None
    fails: bool = False
    """Every answer is a 500."""
    asked: list[Request] = field(default_factory=list)
    """All but the edge's questions whether it is well."""
    names: list[str | None] = field(default_factory=list)
    """The SNI of each TLS connection."""

    async def __aenter__(self) -> WebServer:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType) -> None:
        await self.stop()

    async def start(self) -> None:
        self._open: set[asyncio.StreamWriter] = set()
        self._server = await asyncio.start_server(self._serve, self.address, self.port, ssl=self._context())

    async def stop(self) -> None:
        """As a server that goes away: all connections end."""
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    def renew(self, leaf: Leaf) -> None:
        """New connections get another certificate."""
        assert self._tls is not None
        self._tls.load_cert_chain(leaf.certificate, leaf.key)

    def _context(self) -> ssl.SSLContext | None:
        self._tls = None
        if self.leaf is None:
            return None
        self._tls = context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaf.certificate, self.leaf.key)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(EOFError, OSError, ValueError):
            await self._converse(reader, writer)
        self._open.discard(writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        login = _Login()
        while True:
            request = await read_request(reader)
            if "x-forwarded-for" in request.headers:
                self.asked.append(request)
            if self.fails:
                writer.write(response("500 Internal Server Error"))
            elif request.target.startswith("/ws"):
                writer.write(upgraded(request))
                return await echo(reader, writer)
            elif request.target.startswith("/large"):
                await self._large(writer, int(request.target.rpartition("/")[2]))
            elif request.target.startswith("/ntlm"):
                writer.write(login.answer(request))
            else:
                said = {"server": self.name, "target": request.target, "headers": dict(request.headers)}
                writer.write(response("200 OK", json.dumps(said).encode(), Content_Type="application/json"))
            await writer.drain()

    async def _large(self, writer: asyncio.StreamWriter, size: int) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // len(BLOCK)):
            writer.write(BLOCK)
            await writer.drain()
        writer.write(BLOCK[: size % len(BLOCK)])


class _Login:
    """NTLM's handshake on one connection: 401, negotiate, challenge, authenticate ([MS-NTHT] section 2)."""

    def __init__(self) -> None:
        self._challenged = self._user = ""

    def answer(self, request: Request) -> bytes:
        step, _, user = request.headers.get("authorization", "").removeprefix("NTLM ").partition(":")
        if step == "negotiate":
            self._challenged, self._user = user, ""
            return response("401 Unauthorized", WWW_Authenticate="NTLM challenge")
        if step == "authenticate" and user == self._challenged:
            self._user, self._challenged = user, ""
        if self._user:
            return response("200 OK", self._user.encode())
        return response("401 Unauthorized", WWW_Authenticate="NTLM")
