"""A server-to-server XMPP peer byte by byte, for what no real server does."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType

from .certificates import Leaf
from .prosody import LIMIT

HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='{}' to='{}'>"
)
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


class Peer:
    """``async with Peer(address, "theirs", "ours", leaf) as peer``: the stream is open, over TLS if there is a leaf."""

    def __init__(self, address: str, own: str, to: str, leaf: Leaf | None) -> None:
        self.features: list[str] = []
        """Of the plain stream and of the one over TLS."""
        self.certificate = b""
        """What the other side showed, DER."""
        self._address, self._header = address, HEADER.format(own, to)
        self._leaf = leaf

    async def __aenter__(self) -> Peer:
        self._reader, self._writer = await asyncio.open_connection(self._address, 5269)
        self.send(self._header)
        self.features.append(await self.until("</stream:features>"))
        if self._leaf is not None:
            await self._start_tls(self._leaf)
        return self

    async def _start_tls(self, leaf: Leaf) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(leaf.certificate, leaf.key)
        self.send(STARTTLS)
        await self.until("<proceed")
        await self._writer.start_tls(context)
        self.certificate = self._writer.get_extra_info("ssl_object").getpeercert(True)
        self.send(self._header)
        self.features.append(await self.until("</stream:features>"))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType) -> None:
        self._writer.close()

    def send(self, text: str) -> None:
        self._writer.write(text.encode())

    async def until(self, end: str) -> str:
        """What came until these words have come. EOFError when the other side closes first."""
        found = ""
        async with asyncio.timeout(LIMIT):
            while end not in found:
                part = await self._reader.read(4096)
                if not part:
                    raise EOFError(found)
                found += part.decode()
        return found


VERIFY = re.compile(r"<db:verify[^>]* id=['\"]([^'\"]+)")
RESULT = re.compile(r"<db:result[^/]*</db:result>")


@asynccontextmanager
async def agreeable(address: str, own: str, to: str, reads: bool = True) -> AsyncIterator[None]:
    """The server of ``own`` on port 5269, without TLS, that calls every dialback key valid.

    ``reads``: goes on to read what comes behind a key of the other side.
    """
    ends = f"from='{own}' to='{to}'"
    served: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        try:
            await converse(reader, writer)
        finally:
            writer.transport.abort()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"<stream:stream")
        await reader.readuntil(b">")
        header = HEADER.format(own, to).replace(" from=", " id='1' from=")
        features = "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"
        writer.write((header + features).encode())
        found = ""
        while part := await reader.read(4096):
            found += part.decode()
            if RESULT.search(found):
                writer.write(f"<db:result {ends} type='valid'/>".encode())
                if not reads:
                    await asyncio.Event().wait()
            for number in VERIFY.findall(found):
                writer.write(f"<db:verify {ends} id='{number}' type='valid'/>".encode())
            found = "" if found.endswith(">") else found

    async with await asyncio.start_server(serve, address, 5269):
        yield
        tasks = [task for task in served if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def closing_at_once(address: str, used: set[str]) -> AsyncIterator[None]:
    """A server on port 5269 that ends each connection, and adds its address to ``used``."""

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        used.add(address)
        writer.close()

    async with await asyncio.start_server(serve, address, 5269):
        yield
