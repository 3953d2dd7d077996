"""The settings made ready for use."""

from __future__ import annotations

import pytest
from support.settings import EDGE, ZONES, make_settings

from sipedge.decision.installation import Installation
from zones.zone import DEFAULT_ZONE, DnsZone


def test_the_default_zone_is_always_there() -> None:
    installation = Installation(make_settings(), {})
    assert [zone.name for zone in installation.zones] == ["Inside", "Outside", DEFAULT_ZONE]
    assert installation.zone(DEFAULT_ZONE).name == DEFAULT_ZONE
    with pytest.raises(KeyError):
        installation.zone("Nowhere")


def test_peers_of_dns_zones_and_strangers_are_outside() -> None:
    installation = Installation(make_settings(zones=(*ZONES, DnsZone(name="DNS"))), {})
    assert installation.outside == {"DNS", DEFAULT_ZONE}


def test_domains_in_lower_case_and_the_edge_by_its_port() -> None:
    installation = Installation(make_settings(domains=("Inside.Example",)), {"sip": 5061})
    assert installation.domains == {"inside.example"}
    assert installation.agent("Inside") == f"{EDGE}:5061"


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Installation(make_settings(secret=b"short"), {})
