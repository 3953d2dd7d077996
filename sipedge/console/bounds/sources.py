"""For whom an address counts."""

from __future__ import annotations

from zones.addresses import source_of


def source(address: str) -> str:
    """The address, or the /64 of an IPv6 site, which has as many addresses as it likes. What is no address stays."""
    try:
        return source_of(address)
    except ValueError:
        return address
