"""What the inside DNS says: of the federation-routing FQDN, and of a SIP domain beside the outside DNS."""

from __future__ import annotations

from dataclasses import dataclass

from .dns import DnsAnswer


@dataclass(frozen=True, slots=True)
class RoutingNameFacts:
    domain: str
    name: str
    """The federation-routing FQDN."""
    answer: DnsAnswer
    """Its A records."""
    pointers: tuple[DnsAnswer, ...] = ()
    """The PTR records of each address."""


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """The SRV records of one domain in both views."""

    domain: str
    outside: DnsAnswer
    inside: DnsAnswer
    zone: DnsAnswer
    """The domain's SOA on the inside server: whether that has a zone for the domain."""
