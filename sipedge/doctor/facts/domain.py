"""What the DNS says about a SIP domain, and whether the addresses it gives can be reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from zones.dns import SrvRecord

from .dns import DnsAnswer

NO_IPV6 = "this host has no way to IPv6 addresses"
"""The reason why no connection came about that says nothing about the other side."""


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A host name and port, with what the DNS and a connection say of it."""

    name: str
    """As the record has it; may be an address or nonsense."""
    port: int
    a: DnsAnswer | None = None
    """None: not asked, because the name is no host name."""
    aaaa: DnsAnswer | None = None
    reached: dict[str, str] = field(default_factory=dict)
    """Address -> '' or why no connection came about."""
    refused: tuple[str, ...] = ()
    """Addresses that are not to be connected to."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that may be connected to, IPv4 first."""
        return tuple(self.reached)

    @property
    def alias(self) -> str:
        return next((answer.alias for answer in (self.a, self.aaaa) if answer is not None and answer.alias), "")


@dataclass(frozen=True, slots=True)
class DomainFacts:
    domain: str
    srv: DnsAnswer
    chosen: SrvRecord | None = None
    """The one record that counts; None when there is none."""
    target: TargetFacts | None = None


def choose(records: Iterable[SrvRecord]) -> SrvRecord | None:
    """The Edge's choice: lowest priority, then highest weight; of equal ones any, here the first by name."""
    offered = [record for record in records if record.target not in (".", "")]
    return min(offered, key=lambda record: (record.priority, -record.weight, record.target), default=None)
