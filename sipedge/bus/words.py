"""What one worker tells another. Some events of the core are words, too: what happened to a connection or a peer.

A connection belongs to the worker that has its socket. Another one uses it by its number: bytes go to the owner as
``Sent``; messages that belong to a transaction of another worker come to it as ``Came``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sipedge.proxy.events import (
    CallMoved,
    CallWanted,
    ConnectionClosed,
    ConnectionFailed,
    HopJudged,
    PeerElsewhere,
    TargetSeen,
)
from sipedge.proxy.looked_after.seen import UpkeepSeen
from zones.zone import Hop


class Sent(NamedTuple):
    """Write these on a connection of yours."""

    connection: int
    messages: Sequence[bytes]


class Came(NamedTuple):
    """A message came on a connection of mine that belongs to a transaction of yours."""

    connection: int
    head: bytes
    body: bytes


class Passed(NamedTuple):
    """Responses that came on a connection of mine to requests of yours. Nothing but framing has looked at them."""

    connection: int
    messages: Sequence[bytes]


class TakenBack(NamedTuple):
    """A message of yours did not arrive: its connection is closed."""

    connection: int
    data: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Open nothing new on a connection of mine; and say with ``Held`` whether you have something open on it."""

    connection: int


@dataclass(frozen=True, slots=True)
class Held:
    """What is open on a connection of yours: an answer is awaited; its peer waits for one of mine."""

    connection: int
    used: bool
    owed: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Open a connection for this hop: it is yours to have."""

    hop: Hop


@dataclass(frozen=True, slots=True)
class Shut:
    """Close a connection of yours."""

    connection: int
    reason: str


@dataclass(frozen=True, slots=True)
class Offence:
    """An address did what gets it banned."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class ListsFound:
    """There are revocation lists here that are new: read the files, and fetch what is younger than what you have."""

    fetched: Mapping[str, datetime]
    """URL -> when the list begins."""


@dataclass(frozen=True, slots=True)
class Belongs:
    """A call is this worker's, or is no more, whose tag names another one."""

    tag: str
    here: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """The end was asked for, and every request here has had its final response."""


@dataclass(frozen=True, slots=True)
class Note:
    """As a question that wants no answer."""

    what: object


@dataclass(frozen=True, slots=True)
class Meet:
    """A question that the bus itself answers: what was said on joining has come before the answer."""


@dataclass(frozen=True, slots=True)
class Question:
    number: int
    what: object


@dataclass(frozen=True, slots=True)
class Answer:
    number: int
    what: object
    """A BaseException that can be packed: it is raised where the question was asked."""


Word = (
    Sent
    | Came
    | Passed
    | TakenBack
    | PeerElsewhere
    | ConnectionClosed
    | ConnectionFailed
    | Unusable
    | Held
    | Wanted
    | Shut
    | HopJudged
    | UpkeepSeen
    | TargetSeen
    | Offence
    | ListsFound
    | Belongs
    | CallWanted
    | CallMoved
    | Quiet
    | Note
    | Question
    | Answer
)
