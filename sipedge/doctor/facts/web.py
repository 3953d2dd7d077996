"""What was seen of a published web service: its name in both views of the DNS, its certificate, the servers behind."""

from __future__ import annotations

from dataclasses import dataclass

from .dns import DnsAnswer
from .endpoint import Handshake


@dataclass(frozen=True, slots=True)
class WebServer:
    """A server behind the edge that the configuration names."""

    host: str
    """Address or FQDN."""
    port: int
    certified: str
    """What its certificate must name."""


@dataclass(frozen=True, slots=True)
class WebName:
    """A published name to examine."""

    name: str
    port: int
    """Of the edge, for HTTPS."""
    listens: tuple[str, ...]
    """The edge's addresses."""
    servers: tuple[WebServer, ...] = ()
    """None: it is a guest URI, whose web bridges the DNS knows."""
    web_bridge_port: int = 443
    trusted: str = ""
    """PEM file of the CAs of the servers behind."""

    @property
    def is_guest_uri(self) -> bool:
        return not self.servers


@dataclass(frozen=True, slots=True)
class WebFacts:
    name: WebName
    outside: tuple[DnsAnswer, DnsAnswer]
    """A and AAAA."""
    inside: tuple[DnsAnswer, DnsAnswer] | None
    """The same, asked inside; None where there is no inside view."""
    leak: DnsAnswer | None = None
    """``_cms-web._tls`` outside, of a guest URI."""
    found_inside: DnsAnswer | None = None
    """The same, asked inside."""
    shown: tuple[tuple[str, Handshake], ...] = ()
    """Outside address -> handshake for the name."""
    behind: tuple[tuple[WebServer, str, Handshake], ...] = ()
    """Server, address and handshake, verified by the CAs of the servers behind."""
    discovered: str = ""
    """What came for a name of ``lyncdiscover``: the status line of HTTP, or why there was none."""


def addresses(answers: tuple[DnsAnswer, DnsAnswer]) -> tuple[str, ...]:
    return (*answers[0].addresses, *answers[1].addresses)
