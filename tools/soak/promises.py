"""What the edge promises while a fault lasts, one line for each fault. A run that sees it broken ends with status 1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

GATEWAY = frozenset({408, 500, 503, 504})
"""What a request may be told when its callee cannot be had (RFC 3261 16.7, 16.9)."""


@dataclass(frozen=True)
class Promise:
    touches: tuple[str, ...] = ("faulty",)
    """Pairs that the fault is about. All others are innocent: each of their requests is answered, and in time."""
    told: frozenset[int] = GATEWAY
    """Final responses of the edge's own that requests of these pairs may get; everything else is a wrong final."""
    silence: bool = False
    """The callee says nothing. Then a MESSAGE may stay without a final response, because RFC 4320 4.2 forbids a 408 to
    it; an INVITE is told."""
    leaves: bool = False
    """The caller ends its own connection: nobody is there to be told about what was under way on it. An answer that its
    system had not acknowledged is sent once more, because nobody can know whether it was read."""
    dies: bool = False
    """The worker ends: what was under way is lost with its connections."""
    recovery: float = 5.0
    """Seconds after the end of the fault until requests are answered again."""


ALL = ("calm", "faulty", "tls", "dns")
NOBODY: tuple[str, ...] = ()

PROMISES: dict[str, Promise] = {
    "none": Promise(NOBODY),
    "peer killed": Promise(),
    "rst": Promise(),
    "half-close": Promise(),
    "caller reset": Promise(leaves=True),
    "caller unread": Promise(),
    "mute": Promise(silence=True),
    "black hole": Promise(silence=True),
    "one byte a second": Promise(silence=True),
    "sighup": Promise(NOBODY),
    "certificate": Promise(("tls",)),
    "dns dead": Promise(("dns",), frozenset({408, 503, 504})),
    "disk full": Promise(NOBODY),
    "log unread": Promise(NOBODY),
    "junk": Promise(NOBODY),
    "worker killed": Promise(ALL, dies=True, recovery=8.0),
    "worker stopped": Promise(ALL, dies=True, recovery=12.0),
}
"""By the name of the fault."""


@cache
def together(faults: frozenset[str]) -> Promise:
    """For a request that was under way during all of these."""
    several = [PROMISES[fault] for fault in faults]
    return Promise(
        tuple({pair for promise in several for pair in promise.touches}),
        frozenset().union(*(promise.told for promise in several if promise.touches)),
        any(promise.silence for promise in several),
        any(promise.leaves for promise in several),
        any(promise.dies for promise in several),
    )
