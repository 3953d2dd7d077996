"""Limits on accepted connections: in all, and from one source."""

from __future__ import annotations

from sipedge.settings import Limits


class Admission:
    """Counts connections from ``enter`` to ``leave``, even those that were too many."""

    def __init__(self) -> None:
        self.accepted = 0
        self._held: dict[str, int] = {}
        """Connections of each source; a source without any is not kept."""

    @property
    def sources(self) -> int:
        return len(self._held)

    def enter(self, source: str, limits: Limits) -> str:
        """Count a connection; why it is too many, '' when it is not. ``leave`` has to follow in both cases."""
        self.accepted += 1
        self._held[source] = held = self._held.get(source, 0) + 1
        if held > limits.connections_per_source:
            return f"too many connections from {source}"
        return "too many connections in all" if self.accepted > limits.connections else ""

    def leave(self, source: str) -> None:
        self.accepted -= 1
        self._held[source] -= 1
        if not self._held[source]:
            del self._held[source]
