"""The items that every reader of captures and logs yields: messages, and places that had to be passed over.

Times are seconds since 1970-01-01T00:00:00Z. Logs without a time zone are taken as UTC, logs without a date begin on
1970-01-01 unless file name or messages say the day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import floor
from typing import Literal, NamedTuple, get_args

from zones.addresses import host_port

from .own_decision import OwnDecision

Transport = Literal["", "udp", "tcp", "tls", "sctp", "ws", "wss"]
"""As Via names it, in lower case; '' when nothing tells. What was decrypted is ``tls``."""
_TRANSPORTS: dict[str, Transport] = {name: name for name in get_args(Transport)}


def transport_named(text: str) -> Transport:
    """``text``: in any case; '' for a transport that SIP has not."""
    return _TRANSPORTS.get(text.lower(), "")


class Direction(StrEnum):
    """As the one who wrote the trace saw it; a capture takes nobody's side."""

    RECEIVED = "received"
    SENT = "sent"
    UNKNOWN = ""


class Endpoint(NamedTuple):
    """One end of a message's way: an address (IPv6 without brackets) or, in some logs, a host name."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        return host_port(self.host, self.port)


class Record(NamedTuple):
    """One SIP message of a trace; keep-alives are none."""

    time: float | None
    """Of its first byte."""
    direction: Direction
    source: Endpoint | None
    destination: Endpoint | None
    transport: Transport
    data: bytes
    exact: bool
    """True: the bytes of the wire. False: rebuilt, because the trace lost line ends, order or length."""
    file: str
    position: int
    """Byte offset in the file (uncompressed) of the packet or line where the message begins."""
    zone: str = ""
    """Of the peer, where the trace itself names it: the edge's own log does."""
    names: tuple[str, ...] | None = None
    """In the sender's certificate, where the trace itself has them; None: it does not say."""
    decided: OwnDecision | None = None
    """Where the trace is an edge's log of decisions: this one. Then of the message only some lines are there."""
    wire: bytes | None = None
    """What was on the wire, where ``data`` has the tokens of hidden zones opened."""

    @property
    def local(self) -> Endpoint | None:
        """The side that wrote the trace; None in a capture."""
        if self.direction is Direction.UNKNOWN:
            return None
        return self.source if self.direction is Direction.SENT else self.destination

    @property
    def peer(self) -> Endpoint | None:
        """The other side; None in a capture."""
        if self.direction is Direction.UNKNOWN:
            return None
        return self.destination if self.direction is Direction.SENT else self.source


class Skipped(NamedTuple):
    """A place in a trace that could not be read; reading goes on behind it."""

    file: str
    position: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: at byte {self.position}: {self.reason}"


Item = Record | Skipped


def iso_time(time: float | None) -> str | None:
    """``2024-05-06T07:08:10.274000Z``; None for no time or one beyond the calendar."""
    if time is None:
        return None
    try:
        second = floor(time)
        micro = round((time - second) * 1_000_000)
        return f"{_iso_second(second)}.{micro:06}Z" if micro < 1_000_000 else f"{_iso_second(second + 1)}.000000Z"
    except (OverflowError, ValueError):
        return None


@lru_cache(maxsize=256)
def _iso_second(second: int) -> str:
    """Many messages share it: the cache saves 3 of some 35 microseconds that the replay of a request takes."""
    return (datetime(1970, 1, 1) + timedelta(seconds=second)).isoformat()
