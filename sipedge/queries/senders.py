"""What each zone can send, for the linter and for proofs: which traffic, authenticated or not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from dialplan.analysis import Sender
from zones.authentication import authenticate
from zones.zone import LOCAL_ZONE, AnyZone, DnsZone

SILENT_LOCAL = "nothing registers at this edge, so the Local Zone sends nothing"
SILENT_DNS = 'zone "{}" sends nothing: with inbound_mapping = false its peers come in through the Default Zone'


def senders_of_zones(zones: Iterable[AnyZone]) -> tuple[Sender, ...]:
    """With the Local Zone, which is always there."""
    return (*map(_sender, zones), Sender(LOCAL_ZONE, frozenset(), silent=SILENT_LOCAL))


def _sender(zone: AnyZone) -> Sender:
    if isinstance(zone, DnsZone) and not zone.inbound_mapping:
        return Sender(zone.name, frozenset(), silent=SILENT_DNS.format(zone.name))
    outcomes = {
        authenticate(
            zone.authentication_policy, trust=zone.authentication_trust, local=local, asserted=asserted
        ).authenticated
        for local, asserted in product((False, True), repeat=2)
    }
    return Sender(zone.name, frozenset(outcomes))
