"""What the zones ask for, as far as calls are concerned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sipedge.sip.message import Message
from zones.calls import PASSIVE, CallPolicy
from zones.zone import AnyZone, Credential, Topology

from . import credentials
from .dialog import Leg
from .sessions import LONGEST, number_of


@dataclass(frozen=True, slots=True)
class Policies:
    """Of all b2bua zones."""

    by_zone: Mapping[str, CallPolicy]
    credentials: Mapping[str, Credential]
    """Zone -> who the edge is towards its peers, where they may ask."""

    def of(self, zone: str) -> CallPolicy:
        return self.by_zone.get(zone, PASSIVE)

    def heeds(self, leg: Leg, zone: str, response: Message, is_again: bool) -> bool:
        """Whether the edge gives a party of a zone what its refusal asks for: credentials, a longer session.

        The leg has it then. ``is_again``: the request was sent again before.
        """
        if response.status in credentials.ASKED:
            return zone in self.credentials and credentials.take(leg, response, is_again)
        wanted = self.of(zone).session_timer
        if response.status != 422 or not wanted:
            return False
        least = number_of(response, "min-se")
        if not max(leg.least, wanted) < least <= LONGEST:
            return False
        leg.least = least
        return True


def policies_of(zones: Iterable[AnyZone], known: Iterable[Credential]) -> Policies:
    """``known``: the local database."""
    by_zone = {zone.name: zone.b2bua for zone in zones if zone.topology is Topology.B2BUA}
    users = {credential.username: credential for credential in known}
    named = {zone: users[policy.username] for zone, policy in by_zone.items() if policy.username in users}
    return Policies(by_zone, named)
