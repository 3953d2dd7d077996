"""What is in force survives being packed."""

from __future__ import annotations

from support.settings import ZONES, make_settings

from dialplan.model import Query
from sipedge.edge.in_force import InForce


def test_packed_and_unpacked_it_decides_the_same() -> None:
    force = InForce(make_settings(secret=b"x" * 32), {"edge.pem": b"pem"})
    again = InForce.unpacked(force.packed())
    assert again.files == force.files
    assert again.settings.zones == force.settings.zones
    assert again.settings.secret == force.settings.secret
    assert again.settings.plan.dialplan == force.settings.plan.dialplan
    query = Query("bob@far.example", ZONES[0].name)
    assert again.settings.plan.search(query).tiers == force.settings.plan.search(query).tiers
