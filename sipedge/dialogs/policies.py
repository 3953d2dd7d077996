"""What the zones ask for, as far as calls are concerned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zones.calls import PASSIVE, CallPolicy
from zones.zone import AnyZone, Credential, Topology


@dataclass(frozen=True, slots=True)
class Policies:
    """Of all b2bua zones."""

    by_zone: Mapping[str, CallPolicy]
    credentials: Mapping[str, Credential]
    """Zone -> who the edge is towards its peers, where they may ask."""

    def of(self, zone: str) -> CallPolicy:
        return self.by_zone.get(zone, PASSIVE)


def policies_of(zones: Iterable[AnyZone], known: Iterable[Credential]) -> Policies:
    """``known``: the local database."""
    by_zone = {zone.name: zone.b2bua for zone in zones if zone.topology is Topology.B2BUA}
    users = {credential.username: credential for credential in known}
    named = {zone: users[policy.username] for zone, policy in by_zone.items() if policy.username in users}
    return Policies(by_zone, named)
