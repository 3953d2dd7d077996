"""A browser's connection by hand: it says what a test wants, in TLS and in HTTP, and reads the answer."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sipedge.lab.parties.http import CLOSE, TEXT, frame, read_frame

LIMIT = 20.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """The JSON of a ``WebServer``."""
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


class Connection:
    """``async with``. ``ca`` None: plain HTTP; ``sni``: the name asked for in the handshake, '' for none."""

    def __init__(self, address: str, port: int, ca: Path | None, sni: str = "") -> None:
        self._place, self._sni = (address, port), sni
        self._tls = None
        if ca is not None:
            self._tls = ssl.create_default_context(cafile=str(ca))
            self._tls.check_hostname = bool(sni)

    async def __aenter__(self) -> Connection:
        name = (self._sni or None) if self._tls is not None else None
        if self._tls is not None and name is None:
            self._tls.check_hostname = False
        opening = asyncio.open_connection(*self._place, ssl=self._tls, server_hostname=name or self._empty())
        self.reader, self.writer = await asyncio.wait_for(opening, LIMIT)
        return self

    def _empty(self) -> str | None:
        """asyncio takes the host where no name is given; '' is none."""
        return None if self._tls is None else ""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.writer.transport.abort()

    def certificate(self) -> bytes:
        tls = self.writer.get_extra_info("ssl_object")
        return bytes(tls.getpeercert(binary_form=True))

    async def get(self, host: str, target: str = "/", **headers: str) -> Answer:
        """Names of headers have ``_`` for ``-``."""
        lines = [f"GET {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
        return await self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def send(self, request: bytes) -> Answer:
        """A whole request as it stands."""
        self.writer.write(request)
        return await asyncio.wait_for(self._answer(), LIMIT)

    async def _answer(self) -> Answer:
        status, headers = await self.head()
        body = await self.reader.readexactly(int(headers.get("content-length", "0"))) if status != 101 else b""
        return Answer(status, headers, body)

    async def head(self) -> tuple[int, dict[str, str]]:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        return int(first.split(" ")[1]), {name.lower(): text.strip() for name, _, text in pairs}

    async def upgrade(self, host: str, target: str = "/ws") -> Answer:
        """Make it a WebSocket."""
        key = base64.b64encode(b"0123456789abcdef").decode()
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
        return await self.get(host, target, **upgrade, Sec_WebSocket_Key=key)

    async def echoes(self, text: str) -> bool:
        """Whether the WebSocket says it back."""
        self.writer.write(frame(TEXT, text.encode(), b"mask"))
        return await asyncio.wait_for(read_frame(self.reader), LIMIT) == (TEXT, text.encode())

    async def close(self) -> None:
        """The WebSocket."""
        self.writer.write(frame(CLOSE, b"\x03\xe8", b"mask"))
        assert (await asyncio.wait_for(read_frame(self.reader), LIMIT))[0] == CLOSE
