"""An entry of the audit log as a line, and the chain that the lines make.

Each line carries the SHA-256 of the line before it. Whoever changes, removes or inserts one would have to make all
later ones anew; the hash of each line also goes to the system's log, which is often kept on another machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

FIRST = "0" * 64
"""What the first line carries."""
LONGEST = 1000
"""Characters of a text in an entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    time: float
    """Seconds since 1970."""
    who: str
    """An account; '' where nobody has logged in."""
    address: str
    """Of the browser or program; '' for the command line."""
    what: str
    """In one or two words: ``log-in``, ``log-in refused``, ``apply``."""
    about: str
    """In words; ''."""
    revision: str
    """The digest of the configuration that it is about; ''."""
    before: str
    """SHA-256 of the line before, in hexadecimal."""


def line_of(entry: Entry) -> bytes:
    """Without its end."""
    return json.dumps(asdict(entry)).encode()


def hash_of(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def entry_of(line: bytes) -> Entry:
    """Raises ValueError for what is no entry."""
    try:
        return Entry(**json.loads(line))
    except TypeError:
        raise ValueError("this is no entry") from None


def broken_at(lines: Iterable[bytes]) -> int:
    """The number of the first line, from 1, that does not fit to those before it; 0 where all do."""
    before = FIRST
    for number, line in enumerate(lines, 1):
        try:
            entry = entry_of(line)
        except ValueError:
            return number
        if entry.before != before or entry.number != number:
            return number
        before = hash_of(line)
    return 0
