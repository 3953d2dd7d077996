from __future__ import annotations

import pytest

from sipedge.queries.senders import senders_of_zones
from zones.zone import AnyZone, AuthenticationPolicy, DefaultZone, DnsZone, NeighborZone, TraversalServerZone

TREAT = AuthenticationPolicy.TREAT_AS_AUTHENTICATED
CHECK = AuthenticationPolicy.CHECK


@pytest.mark.parametrize(
    ("zone", "authenticated"),
    [
        (DefaultZone(), {False}),
        (DefaultZone(authentication_trust=True), {False, True}),
        (NeighborZone(name="N", authentication_policy=TREAT), {False, True}),
        (TraversalServerZone(name="T", authentication_policy=CHECK), {False, True}),
        (DnsZone(name="D", inbound_mapping=True), {False}),
        (DnsZone(name="D"), set()),
    ],
)
def test_what_a_zone_can_send(zone: AnyZone, authenticated: set[bool]) -> None:
    found, local = senders_of_zones([zone])
    assert (found.name, found.authenticated, found.sends) == (zone.name, authenticated, bool(authenticated))
    assert bool(found.silent) is not found.sends
    assert (local.name, local.sends) == ("Local Zone", False)
