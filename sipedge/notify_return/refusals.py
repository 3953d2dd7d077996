"""NOTIFYs that the From policy of a zone refuses: From is the user who was subscribed to.

A signed Route does not help: From is judged in dialogs, too. What a peer's certificate names is not known here, so only
what no peer of the zone may write is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sipedge.decision.validation import Refusal
from zones.names import plain_host, to_ascii

from .edges import Edge, TraversalLink
from .subscriptions import Subscription
from .targets import GivenNames, partner_names

ADVICE = "let the zone's peers speak for it: from_domains or from_domain in its [[zone]]"


@dataclass(frozen=True, slots=True)
class Refused:
    """A NOTIFY from ``zone`` of an edge, with ``domain`` in From. ``reason``: status and sentence, the edge's own."""

    edge: Edge
    zone: str
    domain: str
    reason: str
    subscription: Subscription

    def to_json(self) -> dict[str, Any]:
        return {
            "edge": self.edge.name,
            "zone": self.zone,
            "domain": self.domain,
            "reason": self.reason,
            "subscribe": self.subscription.to_json(),
        }


def refusals(
    link: TraversalLink, subscription: Subscription, ways: tuple[tuple[Edge, str], ...], given: GivenNames
) -> Iterator[Refused]:
    """``ways``: edges that the NOTIFY meets, each with the zone it comes from. Raises NotProved."""
    for domain in _notifiers(link, subscription, given):
        for edge, zone in ways:
            answer = edge.voices.asked(zone, domain)
            if isinstance(answer, Refusal):
                yield Refused(edge, zone, domain, f"{answer.status} {answer.reason}", subscription)


def _notifiers(link: TraversalLink, subscription: Subscription, given: GivenNames) -> tuple[str, ...]:
    """Domains of users who may be subscribed to: own ones behind the inside edge, else those of partners. Where nobody
    names them, the one in the SUBSCRIBE that was found."""
    if subscription.passage.inward:
        domains = (*link.inside.settings.domains, *link.outside.settings.domains)
    else:
        domains = partner_names(link, given).names or (subscription.witness.alias.rpartition("@")[2],)
    return tuple(dict.fromkeys(plain_host(domain) for domain in domains if to_ascii(domain)))
