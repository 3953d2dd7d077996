"""What was seen of an XMPP domain: its record, its servers, and what they say on a stream between servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .dns import DnsAnswer
from .domain import TargetFacts
from .endpoint import Handshake

Dialback = Literal["offered", "declared", "no"]


@dataclass(frozen=True, slots=True)
class XmppDomain:
    """An XMPP domain or chat node alias to examine."""

    name: str
    routes: tuple[tuple[str, int], ...] = ()
    """Host or address and port of its static routes; () asks the DNS."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One address, asked with a stream header and then with STARTTLS."""

    address: str
    port: int
    problem: str
    """Why there are no stream features; '' when there are."""
    starttls: bool = False
    required: bool = False
    """Of STARTTLS."""
    verified: Handshake | None = None
    """The handshake behind STARTTLS, with the chain verified; None where STARTTLS was not offered."""
    dialback: Dialback = "no"
    """On the plain stream or behind TLS. Declared is the namespace in the header, which some always write."""
    external: bool = False
    """SASL EXTERNAL is offered behind TLS."""
    refusal: str = ""
    """Why there were no features behind TLS; ''."""


@dataclass(frozen=True, slots=True)
class XmppFacts:
    domain: XmppDomain
    srv: DnsAnswer | None
    """None where static routes count."""
    targets: tuple[TargetFacts, ...] = ()
    streams: tuple[StreamFacts, ...] = ()
