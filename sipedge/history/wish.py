"""What can be asked of the history, and what it answers: values. Times are seconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from dialplan.model import Query
from sipedge.masking.addresses import Exactly

NO_RULE = "(no rule)"
SIGNED_ROUTE = "(signed Route)"
REFUSED = "(refused)"
"""In the place of a rule's name, where none decided. A rule may not begin with a bracket by chance: see ``Found``."""


_KEY = re.compile(r"([0-9]{1,9})-([0-9]{1,18})")
"""SQLite keeps no number of more than 63 bits."""


class Key(NamedTuple):
    """Of one entry, for as long as it is kept."""

    segment: int
    id: int

    def __str__(self) -> str:
        return f"{self.segment}-{self.id}"


def key_of(text: str) -> Key:
    """Raises ValueError."""
    found = _KEY.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text[:40]}" names no entry')
    return Key(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """'' and 0 demand nothing."""

    alias: str | Exactly = ""
    """Text in the alias or in From; ASCII letters of either case. Or the address there."""
    destination: str | Exactly = ""
    """Of the alias, so, too."""
    sender: str | Exactly = ""
    """Of From, so, too."""
    rule: str = ""
    """Name of the first rule that took it, or one of the three words above."""
    zone: str = ""
    """It came from, or its first hop went to."""
    method: str = ""
    call_id: str = ""
    """The whole Call-ID."""
    status: str = ""
    """``504``, ``5xx`` or ``failed``: 400 or more."""
    revision: str = ""
    """Its first digits."""
    since: float = 0
    until: float = 0
    before: Key | None = None
    """Only what is older than this entry."""
    most: int = 50


class Found(NamedTuple):
    """One line of a list."""

    key: Key
    time: float
    method: str
    alias: str
    """'' of a request that was refused before it had one."""
    request_uri: str
    sender: str
    """The From header."""
    zone: str
    target: str
    """The zone of the first hop; of a signed Route its zone; '' for none."""
    rule: str
    status: int
    ms: float | None
    revision: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What a span of time holds. ``step`` seconds a bin, the first one begins at ``since``."""

    since: float
    step: int
    classes: Mapping[str, Sequence[int]]
    """``2xx`` ... -> number for each bin; ``0xx`` has no final status."""
    rules: Mapping[str, int]
    """Rule -> number, the most used first."""
    failed_rules: Mapping[str, int]
    median: Sequence[float | None]
    """Milliseconds until the final status, for each bin; None where nothing came."""
    high: Sequence[float | None]
    """The 99th percentile."""

    @property
    def total(self) -> int:
        return sum(map(sum, self.classes.values()))

    @property
    def failed(self) -> int:
        return sum(sum(numbers) for name, numbers in self.classes.items() if name >= "4xx")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the rules that was asked once or often."""

    query: Query
    also: str
    """A second alias that had to lead to the same zones; ''."""
    count: int
    last: Key
    """The newest entry that asked it."""
    method: str
    """Of that entry."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Decisions that are missing."""

    time: float
    """Of the first one that is there again."""
    count: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept."""

    rows: int
    since: float | None
    """Of the oldest entry."""
    bytes: int
    gaps: tuple[Gap, ...] = ()
    """The newest ones first."""
    lost: int = 0
    """Their sum."""
    unreadable: tuple[str, ...] = ()
    """Segments that are left out, each with why."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the file of decisions was read."""

    first: str = ""
    """The beginning of the file that is being read: it tells files apart, whatever they are called by now."""
    offset: int = 0
    sequence: int = 0
    """The number of the last decision."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read at once, and where reading goes on behind it."""

    records: tuple[Mapping[str, Any], ...]
    position: Position
    gaps: tuple[Gap, ...] = ()
    unread: int = field(default=0)
    """Lines that are no decision of this version."""


class History(Protocol):
    """The one way to what was decided. It blocks; every method but ``add`` may be called from any thread."""

    def position(self) -> Position: ...

    def add(self, batches: Iterable[Batch]) -> None:
        """In one transaction for each segment. From one thread. Raises OSError where the disk takes no more; what is
        there then ``position`` tells."""
        ...

    def find(self, wish: Wish) -> list[Found]:
        """Newest first. Raises TooLong."""
        ...

    def count(self, wish: Wish) -> int:
        """How many ``find`` would give, ``wish.most`` at most. Raises TooLong."""
        ...

    def entry(self, key: Key) -> dict[str, Any] | None:
        """The record as the edge wrote it; None where it is not kept any more."""
        ...

    def counted(self, since: float, until: float, bins: int) -> Counted: ...

    def asked(self, since: float) -> Iterator[Asked]:
        """Each question once for each segment, the newest segment first."""
        ...

    def stored(self) -> Stored: ...

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Parts that were left out by the last answers, each with why."""
        ...

    def forget(self, days: float, size: int) -> int:
        """Drop what is older than ``days``, and the oldest until it takes at most ``size`` bytes; how many rows."""
        ...

    def close(self) -> None: ...


class Unreadable(OSError):
    """A segment is damaged, or of a newer version; ``str()`` says which and why."""


class TooLong(Exception):
    """A question that would have taken too long; ``str()`` is one sentence."""
