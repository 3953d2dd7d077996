"""What the edge itself answers to a request within a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers (name, value), and a text for a Warning."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
