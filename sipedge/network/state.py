"""The life of a connection: its states, the inputs that lead from one to the next, and what it waits for."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class State(Enum):
    CONNECTING = auto()
    """There is no socket yet."""
    HANDSHAKE = auto()
    """The socket is there. A TCP connection leaves this state at once; over TLS nothing that arrives is SIP yet."""
    OPEN = auto()
    """The owner knows of it and gets what arrives."""
    HALF_CLOSED = auto()
    """The peer sends no more, or nothing that could be trusted, but what it has asked for is still answered (RFC 9293
    3.6: our side is open)."""
    CLOSING = auto()
    """Our last bytes and our end of file are out. What still arrives is thrown away, so that a reset does not overtake
    the answer that says why (RFC 9112 9.6 has the same problem)."""
    CLOSED = auto()
    """There is no socket any more."""


class Input(Enum):
    CONNECTED = auto()
    """The event loop has a socket."""
    READY = auto()
    """The handshake is done."""
    PEER_ENDED = auto()
    """The peer closed its side, or its framing is lost, and something is still to be told to it or to be learned."""
    ENDED = auto()
    """The peer closed, something failed, or the edge wants no more."""
    LOST = auto()
    """The event loop has closed the socket."""


OPEN: Final = State.OPEN
"""For what is asked of each read: looking a member up in its Enum takes Python 3.11 three times as long."""

TRANSITIONS = {
    State.CONNECTING: {Input.CONNECTED: State.HANDSHAKE, Input.ENDED: State.CLOSED},
    State.HANDSHAKE: {Input.READY: State.OPEN, Input.ENDED: State.CLOSING},
    State.OPEN: {Input.PEER_ENDED: State.HALF_CLOSED, Input.ENDED: State.CLOSING},
    State.HALF_CLOSED: {Input.ENDED: State.CLOSING},
    State.CLOSING: {Input.ENDED: State.CLOSING, Input.LOST: State.CLOSED},
    # A socket that comes after the attempt was given up is closed again.
    State.CLOSED: {Input.CONNECTED: State.CLOSED, Input.ENDED: State.CLOSED, Input.LOST: State.CLOSED},
}
"""Other inputs cannot happen in a state. A connection that loses its socket is ENDED first, then LOST."""


PEER_CLOSED = "the peer closed the connection"
EDGE_STOPS = "the edge stops"
LAST_ENDED = "its last transaction has ended"


class Awaited(Enum):
    """What a connection waits for. The value is the reason for its end if that does not come in time."""

    HANDSHAKE = "the TLS handshake took too long"
    FIRST_BYTE = "no first byte came"
    MESSAGE = "idle"
    END_OF_MESSAGE = "a message did not come to its end in time"
    END_OF_FILE = "the peer did not close its side"


ORDERLY = frozenset({PEER_CLOSED, EDGE_STOPS, LAST_ENDED, Awaited.MESSAGE.value})
"""Why connections end when nothing is wrong."""
READ_AGAIN = 2.0
"""Seconds after which a blocked connection is read again. Two edges that wait for each other to read would never end;
the send queue's limit holds meanwhile."""
REST = 32.0
"""64*T1 (RFC 3261 17): what a retired connection has for its last transactions once nothing is read from it."""
LINGER = 2.0
"""Seconds that the peer has to close its side after we closed ours."""
PROBE, PROBES = 0.002, 100
"""Seconds between two looks at what became of the last bytes for a peer that has closed, and how many there are."""
