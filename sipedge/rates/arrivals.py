"""What one zone takes from its peers (``[zone.rate]``): asked before a request costs more than its parsing."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import NamedTuple

from zones.zone import RatePolicy

from .buckets import Buckets
from .shares import Shares
from .shelf import Shelf
from .targets import SubscribeTargets

Subscribed = Callable[[str, Hashable, int], None]
"""Told of a zone, a source, and the hash of an address that it subscribes to for the first time in its hour."""
CALL = 181.0
"""Seconds that an INVITE may ring (RFC 3261 16.6 step 11): so long after it its ACK may come."""


class TooMany(NamedTuple):
    """Why a request is refused."""

    reason: str
    """One word or two, for counts."""
    text: str
    """One sentence without the name of the zone."""
    pause: float
    """Seconds after which it may come again."""


class Arrivals:
    """One zone's buckets. ``source``: see ``zones.addresses.source_of``."""

    def __init__(
        self,
        policy: RatePolicy,
        zone: str = "",
        shelf: Shelf | None = None,
        subscribed: Subscribed = lambda *seen: None,
    ) -> None:
        """``shelf``: of several workers, whose rates are one; ``subscribed`` tells the others."""
        self.policy = policy
        self._zone = Shares(shelf=shelf, name=(zone, "zone"))
        self._peers, self._acks, self._domains = (
            Buckets(shelf=shelf, name=(zone, what)) for what in ("peers", "acks", "domains")
        )
        self._targets = SubscribeTargets(told=partial(subscribed, zone))

    @staticmethod
    def wanted(policy: RatePolicy) -> bool:
        """Whether a policy bounds what comes in."""
        return bool(policy.messages_per_second or policy.per_peer or policy.per_domain or policy.subscribe_targets)

    def request(self, source: str, now: float) -> TooMany | None:
        """Count a request other than ACK and CANCEL, before it is decided about."""
        policy = self.policy
        if policy.per_peer and (pause := self._peers.take(source, policy.per_peer, policy.burst, now)):
            return TooMany("peer rate", f"more than {policy.per_peer:g} requests a second from one peer", pause)
        rate = policy.messages_per_second
        if rate and (pause := self._zone.take(source, rate, policy.burst, now)):
            return TooMany("zone rate", f"more than {rate:g} requests a second, and this peer has had its share", pause)
        return None

    def ack(self, source: str, now: float) -> TooMany | None:
        """Count an ACK. Those of INVITEs that came in never are too many: each has one, within ``CALL``."""
        policy = self.policy
        rate = policy.per_peer or policy.messages_per_second
        if rate and (pause := self._acks.take(source, rate, policy.burst + CALL, now)):
            return TooMany("peer rate", "more ACKs from one peer than it can have sent INVITEs", pause)
        return None

    def domain(self, who: str, now: float) -> TooMany | None:
        """Count a request for its domain in From. ``who``: the domain, or with the source where anybody may name it."""
        policy = self.policy
        if policy.per_domain and (pause := self._domains.take(who, policy.per_domain, policy.burst, now)):
            return TooMany("domain rate", f"more than {policy.per_domain:g} requests a second from one domain", pause)
        return None

    def subscription(self, source: str, target: str, now: float) -> TooMany | None:
        """Count a SUBSCRIBE out of dialog."""
        most = self.policy.subscribe_targets
        if most and (pause := self._targets.take(source, target, most, now)):
            return TooMany("subscribe targets", f"subscriptions to more than {most} addresses in an hour", pause)
        return None

    def seen(self, source: Hashable, number: int, now: float) -> None:
        """Another worker has counted a subscription."""
        self._targets.note(source, number, now)
