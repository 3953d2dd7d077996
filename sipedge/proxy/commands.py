"""What the proxy core wants done. The I/O half carries them out in order; none of them blocks."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import NamedTuple

from sipedge.dialogs.dialog import Dialog
from sipedge.remembered.way import Way
from zones.zone import Hop, RatePolicy

from .history import Entry


@dataclass(slots=True)
class Respond:
    """Send a response through its server transaction."""

    transaction: int
    status: int
    data: bytes


@dataclass(slots=True)
class Forward:
    """Open a client transaction: send a request to a hop (connecting first where needed)."""

    branch: str
    hop: Hop
    head: bytes
    body: bytes
    rate: RatePolicy | None = None
    """The pace at which it leaves for this hop; None: at once."""


@dataclass(slots=True)
class Cancel:
    """Send a CANCEL in a client transaction of its own, on the connection that carried ``branch``.

    Where that one is gone it goes to ``hop`` on a new one (RFC 3261 9.1: same address, port and transport).
    """

    branch: str
    hop: Hop
    data: bytes


@dataclass(slots=True)
class Withdraw:
    """Take back a request that still waits for its connection: it fails with 487. One that was written goes on."""

    branch: str


@dataclass(slots=True)
class Abandon:
    """End a client transaction that nobody waits for any more (Timer C, or no answer to a CANCEL)."""

    branch: str


@dataclass(slots=True)
class Drop:
    """End a server transaction without an answer (RFC 4320 4.2: no 408 to a non-INVITE)."""

    transaction: int


@dataclass(slots=True)
class Send:
    """Send bytes outside any transaction to a hop (ACK to a 2xx, BENOTIFY)."""

    hop: Hop
    data: bytes
    rate: RatePolicy | None = None
    """As in Forward; an ACK never waits."""


@dataclass(slots=True)
class Relay:
    """Send bytes outside any transaction on an open connection (2xx retransmission, stateless answer)."""

    connection: int
    data: bytes


@dataclass(slots=True)
class Connect:
    """Open a connection that does not wait for a request (traversal client)."""

    hop: Hop


@dataclass(slots=True)
class Close:
    connection: int
    reason: str


class Asker(NamedTuple):
    """On whose behalf the DNS is asked: look-ups are shared fairly between askers."""

    zone: str = ""
    address: str = ""
    """Of the peer that sent the request. Both are '' where the edge asks of its own accord."""


EDGE = Asker()


@dataclass(slots=True)
class Resolve:
    """Ask the DNS. ``kind`` is "NAPTR", "SRV", "A" or "AAAA"; the answer comes as Resolved."""

    query: int
    name: str
    kind: str
    asker: Asker = EDGE


@dataclass(slots=True)
class Log:
    """One line for the operator; ``level`` as in logging ("info", "warning", "error")."""

    level: str
    text: str
    error: BaseException | None = None
    """With its traceback, where something unexpected was raised."""
    source: str = ""
    """The address of the peer that caused it: lines are limited for each source, so that none hides another."""
    place: tuple[str, int] = field(init=False, compare=False, repr=False)
    """File and line that made it: lines are limited for each place, too."""

    def __post_init__(self) -> None:
        frame = sys._getframe(2)
        self.place = frame.f_code.co_filename, frame.f_lineno


@dataclass(slots=True)
class Record:
    """A decision for the history: what arrived, what the search said, where it went."""

    entry: Entry


@dataclass(slots=True)
class Conclude:
    """Nothing more will be written into this entry of the history: its request has its final status."""

    entry: Entry


@dataclass(slots=True)
class Remember:
    """Requests of this connection that say the same as this one may go this way without the core (docs/native.md)."""

    connection: int
    head: bytes
    """The request's header section as it came."""
    way: Way


@dataclass(slots=True)
class Keep:
    """Write into the journal, so that it survives a restart: ``key`` has this data from now on; None: forget it."""

    key: str
    data: bytes | None


@dataclass(slots=True)
class CallGiven:
    """Give a call to the worker that has asked for it: CallWanted. None: there is none to give."""

    asker: int
    tag: str
    dialog: Dialog | None


@dataclass(slots=True)
class Probed:
    """What became of one OPTIONS that ProbeAsked asked for: the status of its answer, 408 or 503 where none came."""

    number: int
    hop: Hop
    status: int
    reason: str = ""


Command = (
    Respond
    | Forward
    | Cancel
    | Withdraw
    | Abandon
    | Drop
    | Send
    | Relay
    | Connect
    | Close
    | Resolve
    | Log
    | Record
    | Conclude
    | Remember
    | Keep
    | CallGiven
    | Probed
)
