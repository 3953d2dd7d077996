"""Connections that say nothing: what their handshakes cost a proxy, and how much memory each holds."""

from __future__ import annotations

import asyncio
import ssl
import time

from .certificates import Certificates
from .proxies import Running

CONNECTIONS = 300
AT_ONCE = 16
SOURCE = "127.0.0.4"
CALM = 1.0
"""Seconds before CPU time and memory are read."""


def measure(running: Running, certificates: Certificates) -> dict[str, float]:
    """Full handshakes with client certificates, all connections kept open until the end."""
    return asyncio.run(_measure(running, certificates))


async def _measure(running: Running, certificates: Certificates) -> dict[str, float]:
    context = ssl.create_default_context(cafile=str(certificates.trusted))
    context.check_hostname = False  # the proxies are called by address
    context.load_cert_chain(certificates.certificate("load"), certificates.key("load"))
    memory, used, began = running.own_bytes(), running.cpu_seconds(), time.monotonic()
    gate = asyncio.Semaphore(AT_ONCE)
    host, _, port = running.proxy.address.rpartition(":")

    async def connect() -> asyncio.StreamWriter:
        async with gate:
            _, writer = await asyncio.open_connection(host, int(port), ssl=context, local_addr=(SOURCE, 0))
            return writer

    writers = await asyncio.gather(*(connect() for _ in range(CONNECTIONS)))
    seconds = time.monotonic() - began
    await asyncio.sleep(CALM)
    figures = {
        "handshakes/s": CONNECTIONS / seconds,
        "CPU ms each": (running.cpu_seconds() - used) * 1000 / CONNECTIONS,
        "KB each": (running.own_bytes() - memory) / 1024 / CONNECTIONS,
    }
    for writer in writers:
        writer.transport.abort()
    return figures
