"""One bounded exchange over HTTP with an address that was judged before: for what certificates point to.

httpx speaks HTTP. It is given an address in place of the name, so that nobody's DNS leads it elsewhere; it follows no
redirect and no proxy. It is loaded when it is needed first, which takes 0.15 s: in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from urllib.parse import urlsplit

from sipedge.sip.uri import split_host_port
from zones.addresses import PUBLIC, Allowed, canonical_address, forbidden, forbidden_port, host_port
from zones.names import host_name

_HTTP = 80

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every request


class HttpError(ValueError):
    """No answer, or none that counts; ``str()`` ends the sentence "the server ..."."""


@dataclass(frozen=True, slots=True)
class Url:
    """An http:// URL that can be asked."""

    host: str
    """A host name or an address."""
    port: int
    path: str
    """With its query."""


def parse_url(text: str) -> Url:
    """Raises ValueError: a sentence for people."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("it is no URL")
    parts = urlsplit(text)
    if parts.scheme.lower() != "http":
        raise ValueError("it does not begin with http://")
    host, port = split_host_port(parts.netloc)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url(canonical_address(host) or host_name(host), _HTTP if port is None else port, path.replace(" ", "%20"))


def addresses_to_ask(url: Url, found: Iterable[str], allowed: Allowed) -> list[str]:
    """``found``: the addresses of its host. Those that may be connected to, () also where the port may not be."""
    if url.port != _HTTP and forbidden_port(url.port, PUBLIC):
        return []
    return [address for address in found if not forbidden(address, allowed)]


async def exchange(
    url: Url, address: str, *, seconds: float, largest: int, body: bytes | None = None, kind: str = ""
) -> bytes:
    """The body of a 200 answer to a GET, or to a POST of ``body`` with content type ``kind``. Raises HttpError."""
    await asyncio.to_thread(import_module, "httpx")
    import httpx

    where = httpx.URL(scheme="http", host=address, port=url.port, raw_path=url.path.encode())
    host = host_port(url.host, None if url.port == _HTTP else url.port)
    headers = {"Host": host, "Accept-Encoding": "identity"}
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and spares reading a file of CAs
    if body is not None:
        headers["Content-Type"] = kind
    try:
        async with asyncio.timeout(seconds), httpx.AsyncClient(verify=no_tls, trust_env=False, timeout=None) as client:
            method = "GET" if body is None else "POST"
            async with client.stream(method, where, headers=headers, content=body) as answer:
                if answer.status_code != 200:
                    raise HttpError(f"answers {answer.status_code}")
                received = bytearray()
                async for data in answer.aiter_raw():
                    received += data
                    if len(received) > largest:
                        raise HttpError(f"sends more than {largest} bytes")
                return bytes(received)
    except TimeoutError:
        raise HttpError(f"gave no answer in {seconds:g} s") from None
    except httpx.TransportError as error:
        raise HttpError(f"gave no answer: {error}") from None
