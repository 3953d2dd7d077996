from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from zones.zone import (
    Credential,
    DefaultZone,
    DnsZone,
    ExtendedKeyUsage,
    Hop,
    NeighborZone,
    TlsPolicy,
    TraversalServerZone,
)


def test_the_defaults_fail_closed() -> None:
    tls = TlsPolicy()
    assert tls.verify and not tls.wildcards and tls.extended_key_usage is ExtendedKeyUsage.STRICT
    assert DefaultZone().mutual_tls and DefaultZone().transport == "TLS"
    assert not DnsZone(name="D").allow_loopback and not DnsZone(name="D").inbound_mapping


def test_the_defaults_are_those_of_the_expressway() -> None:
    zone = NeighborZone(name="N")
    assert (zone.hop_count, zone.port, zone.transport, zone.monitor) == (15, 5061, "TLS", True)
    assert TraversalServerZone(name="T").port == 7001


def test_a_password_is_never_printed() -> None:
    zone = TraversalServerZone(name="T", credential=Credential("alice", "open sesame"))
    assert "alice" in repr(zone) and "sesame" not in repr(zone)


def test_records_do_not_change_and_hops_are_keys() -> None:
    hop = Hop("N", address="192.0.2.1", port=5061)
    assert hop == Hop("N", address="192.0.2.1", port=5061) and len({hop, Hop("N")}) == 2
    with pytest.raises(FrozenInstanceError):
        hop.port = 1  # type: ignore[misc]
