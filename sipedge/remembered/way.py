"""Where requests go whose decision is remembered, and as what: all that sends them on without the core.

A ``Way`` holds for requests with the same request line, From host and headers of ``key.READ`` as the one that it was
made of, from peers in the same seat (zone, and names of the certificate where From is compared with them), with the
same header names in the same order. What each has of its own C looks at (native/forward.h).
"""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.decision.validation import hashed_numbers
from sipedge.sip.message import HeaderIndex
from sipedge.sip.uri import Uri
from sipedge.topology.gate import Gate
from sipedge.topology.usual import Usual, usual
from zones.zone import Hop

from .key import read_numbers
from .verdict import Verdict


@dataclass(slots=True, eq=False)
class Way:
    """Read only, but for ``texts``."""

    verdict: Verdict
    hop: Hop
    revision: str
    """Of the configuration that decided."""
    names: tuple[str, ...]
    """Of the peer's certificate, where From is compared with them."""
    via: bytes
    """The edge's own Via line up to the branch."""
    request_uri: bytes
    """The new Request-URI; b"" where nothing changes."""
    removed: tuple[int, ...]
    """Lines that are not passed on."""
    hop_count: int
    poison: bool
    until: float
    """Seconds since 1970: so long it holds."""
    asks: bool = False
    """Whether each request may be one too many (``[zone.rate]``)."""
    domain: str = ""
    """In From; for that."""
    uri: Uri | None = None
    """What leads to the next hop, where several take turns; None: there is one."""
    gate: Gate | None = None
    """What it crosses, where one of the two zones is hidden."""
    texts: bytes | None = None
    """What lines of decisions say of it; native/lines.c writes it when it asks for them first."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the headers that matter are, in messages with the same names in the same order; 0: there is none."""

    is_response: bool
    vias: tuple[int, ...]
    read: tuple[int, ...]
    hashed: tuple[int, ...]
    sender: int
    to: int
    call_id: int
    cseq: int
    content_length: int
    max_forwards: int
    usual: Usual | None
    """None: they cross no border of a hidden zone."""


NEVER = ("record-route", "max-breadth")
"""Requests with one of these go to the core."""
NEVER_BACK = ("p-asserted-identity", "record-route")
"""Responses with one of these, or with who somebody is said to be, do."""


def request_shape(index: HeaderIndex) -> Shape | None:
    """None: such requests go to the core."""
    return None if any(name in index for name in NEVER) or "via" not in index else _shape(index, is_response=False)


def response_shape(index: HeaderIndex, identity: tuple[str, ...]) -> Shape | None:
    """None: such responses go to the core. ``identity``: headers that are not believed from everybody."""
    if any(name in index for name in (*NEVER_BACK, *identity)) or "via" not in index:
        return None
    return _shape(index, is_response=True)


def _shape(index: HeaderIndex, *, is_response: bool) -> Shape | None:
    single = [index.get(name, ()) for name in ("from", "cseq", "content-length")]
    limits = index.get("max-forwards", (0,))
    if any(len(numbers) != 1 for numbers in (*single, limits)):
        return None
    ((sender,), (cseq,), (length,)), (limit,) = single, limits
    hashed = hashed_numbers(index)
    to, call_id = (index.get(name, (0,))[0] for name in ("to", "call-id"))
    lines = index["via"], read_numbers(index), hashed
    return Shape(is_response, *lines, sender, to, call_id, cseq, length, limit, usual(index))


def names_of(index: HeaderIndex) -> bytes:
    """What C knows a shape by."""
    return b"\n".join([b"", *index.names])
