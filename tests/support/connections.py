"""What the tests of connections share: who is far away, and by which hop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from sipedge.settings import Limits, Listener
from zones.zone import Hop, NeighborZone, TlsPolicy

LISTENER = Listener("federation", "127.0.0.1", 0)
LIMITS = Limits()
FAR = "far.example.com"
Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


def zone(**policy: Any) -> NeighborZone:
    return NeighborZone(name="far", peers=(FAR,), tls=TlsPolicy(**policy))


def hop(port: int, name: str = FAR, zone: str = "far") -> Hop:
    return Hop(zone, "TLS", "127.0.0.1", port, name)
