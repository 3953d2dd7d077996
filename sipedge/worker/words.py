"""What worker 0 asks the workers that follow it, as questions on the bus. Each answers None unless it is said here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sipedge.control.requests import History


@dataclass(frozen=True, slots=True)
class Prepare:
    """Open what another configuration needs, beside what is in use. Raises ValueError and OSError."""

    parcel: bytes
    """See config/parcel.py; b'': what was in force before the load that nobody confirmed."""
    files: Mapping[str, bytes]
    """See InForce."""


@dataclass(frozen=True, slots=True)
class Use:
    """Put in force what was prepared."""

    since: float
    until: float
    """When it ends unless it is confirmed, by the monotonic clock; 0: it stays."""
    ports: Mapping[str, int]
    """Name of a listener -> its port."""


@dataclass(frozen=True, slots=True)
class Forget:
    """What was prepared is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was loaded on trial stays."""


@dataclass(frozen=True, slots=True)
class LookNow:
    """The answer is an edge.look.Look."""


@dataclass(frozen=True, slots=True)
class OutcomesNow:
    """The answer is an edge.recording.Outcomes."""


@dataclass(frozen=True, slots=True)
class LinesNow:
    """The answer is a list of edge.logs.recent.Line."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Decisions in memory that fit. The answer is a list of ``Told``, oldest first."""

    wish: History


@dataclass(frozen=True, slots=True)
class Follow:
    """Send decisions that fit as they are concluded, as notes of ``Told``, until ``Unfollow``."""

    number: int
    wish: History


@dataclass(frozen=True, slots=True)
class Unfollow:
    number: int


@dataclass(frozen=True, slots=True)
class Told:
    """A decision of a worker that follows."""

    number: int
    """Of Follow; 0: it answers ``Kept``."""
    entry: int
    """No two decisions that are in memory have the same one."""
    time: float
    decision: Any
    """A DecisionJson."""


@dataclass(frozen=True, slots=True)
class Since:
    """Asked of worker 0: since when what it has in force is. The answer is a float."""
