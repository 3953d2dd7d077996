"""What the edge begins and answers itself, as values: whoever decides on it does not send it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .dialog import Dialog, Leg, Transfer


@dataclass(frozen=True, slots=True)
class Answer:
    """To a request within a call: a status, headers (name, value), and a text for a Warning."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""


class Kind(Enum):
    REQUEST = "request"
    ACK = "ack"
    END = "end"
    """A BYE that the call of its leg ends with."""
    CALL = "call"
    """An INVITE that the rules say where to send."""
    CANCEL = "cancel"
    """Of the INVITE of a CALL."""
    JOINED = "joined"
    """Nothing is sent: there is a call of which nobody else knows."""


@dataclass(frozen=True, slots=True)
class Order:
    """Something to be sent from one leg of a call to the other, in the name of the first."""

    kind: Kind
    dialog: Dialog
    source: Leg
    target: Leg
    method: str = "INVITE"
    number: int = 0
    """Of its CSeq, where that is known: an ACK's, a new call's."""
    headers: tuple[str, ...] = ()
    body: bytes = b""
    transfer: Transfer | None = None
