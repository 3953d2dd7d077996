"""Addresses as logs write them.

A log names the same few again and again: without the caches one takes 1.14 times as long (tools.bench.logs).
"""

from __future__ import annotations

from functools import lru_cache

from .record import Endpoint


@lru_cache(maxsize=4096)
def endpoint_of(host: bytes, port: bytes) -> Endpoint | None:
    """Host and port that stand apart; None without a host. A port that is none is left out."""
    name = host.strip().strip(b"[]").decode("utf-8", "replace")
    return Endpoint(name, _port(port.strip())) if name else None


@lru_cache(maxsize=4096)
def endpoint(text: bytes) -> Endpoint | None:
    """``host:port``, ``[IPv6]:port`` or a host alone."""
    text = text.strip()
    host, colon, port = text.rpartition(b":")
    if not colon or _port(port) is None or (b":" in host and not host.startswith(b"[")):
        host, port = text, b""
    return endpoint_of(host, port)


def _port(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) < 6 and int(text) < 65_536 else None
