"""Web publishing in the lab: a browser outside, the outside edge's HAProxy, a web bridge behind it."""

from __future__ import annotations

import asyncio
import base64
import secrets
import shutil
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from . import layout
from .parties.http import TEXT, frame, read_frame
from .parties.web_bridge import PAGE
from .scenario import Failed, Lab, Steps

PORT = 8443
LIMIT = 10.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def missing() -> str:
    """Why web publishing is left out of the lab, and what to install; '' when all is there."""
    there = shutil.which("haproxy") is not None or shutil.which("haproxy", path="/usr/sbin") is not None
    return "" if there else "Web publishing is left out: install haproxy (Debian)"


async def publishing_up(lab: Lab, seconds: float = 30.0) -> None:
    """Ask for the page again and again until it comes. Raises TimeoutError when it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            async with _connected(lab) as streams:
                if (await _head(streams, "/")).startswith("HTTP/1.1 200"):
                    return
        except OSError:
            pass  # nobody listens yet
        await asyncio.sleep(0.1)  # the engine tells nobody here when it is up
    raise TimeoutError("the outside edge does not publish the web bridge")


@asynccontextmanager
async def _connected(lab: Lab) -> AsyncIterator[Streams]:
    """As a browser outside. Raises OSError."""
    assert lab.web is not None
    context = ssl.create_default_context(cafile=str(lab.web.ca))
    opening = asyncio.open_connection(lab.web.block.outside, PORT, ssl=context, server_hostname=layout.GUEST_URI)
    reader, writer = await asyncio.wait_for(opening, LIMIT)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _head(streams: Streams, target: str, *lines: str, host: str = layout.GUEST_URI) -> str:
    """The answer's header."""
    reader, writer = streams
    request = [f"GET {target} HTTP/1.1", f"Host: {host}:{PORT}", *lines]
    writer.write("\r\n".join(request).encode() + b"\r\n\r\n")
    return (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LIMIT)).decode("latin-1")


async def page(lab: Lab) -> str:
    async with _connected(lab) as streams:
        head = await _head(streams, "/")
        body = await asyncio.wait_for(streams[0].readexactly(len(PAGE)), LIMIT)
    if not head.startswith("HTTP/1.1 200") or body != PAGE:
        raise Failed(f"the page did not come: {head.splitlines()[0]}")
    return f"https://{layout.GUEST_URI}:{PORT}/ through the outside edge"


async def websocket(lab: Lab) -> str:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")
    async with _connected(lab) as streams:
        head = await _head(streams, "/ws", *upgrade)
        if not head.startswith("HTTP/1.1 101"):
            raise Failed(f"no WebSocket: {head.splitlines()[0]}")
        streams[1].write(frame(TEXT, b"hello", secrets.token_bytes(4)))
        if await asyncio.wait_for(read_frame(streams[0]), LIMIT) != (TEXT, b"hello"):
            raise Failed("the WebSocket did not say it back")
    return "opened, and it says back what it gets"


async def other_host(lab: Lab) -> str:
    async with _connected(lab) as streams:
        status = (await _head(streams, "/", host="imp1.ciscoexample.com")).split(" ")[1]
    if status != "421":
        raise Failed(f"another Host was answered {status}, not 421")
    return "421: only the name of the handshake is passed"


STEPS: Steps = {
    "Web page, browser to web bridge": page,
    "WebSocket, browser to web bridge": websocket,
    "Web request for a host inside": other_host,
}
