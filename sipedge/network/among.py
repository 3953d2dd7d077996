"""What connections have to know and to tell where they are one worker's among several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count


@dataclass(frozen=True, slots=True)
class Among:
    """As it is made, it is that of an edge with one worker."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of connections; no other worker has the same."""
    unusable: Callable[[int], None] = lambda connection: None
    """A connection serves no hop any more."""
    gone: Callable[[str], None] = lambda source: None
    """One of this source that was ``handed`` over has no socket any more."""
    offence: Callable[[str, str], None] = lambda address, reason: None
    """An offence that others should count, too."""
