"""Limits on accepted connections: in all, and from one source."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

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


def source_of(address: str) -> str:
    """The source that an address counts for: itself, or the /64 of an IPv6 site."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return address
