"""Names that the proof of NOTIFY's way back needs and that no configuration holds, from options."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sipedge.notify_return import GivenNames
from zones.names import to_ascii


def given_names(routing: Sequence[str], partners: Sequence[str]) -> GivenNames:
    """``routing``: FQDN or ZONE=FQDN of --federation-routing. ``partners``: domains of --partner."""
    by_zone: dict[str, tuple[str, ...]] = {}
    for entry in routing:
        zone, _, name = entry.rpartition("=")
        by_zone[zone] = (*by_zone.get(zone, ()), _host_name("--federation-routing", name))
    return GivenNames(by_zone, tuple(_host_name("--partner", name) for name in partners))


def _host_name(option: str, text: str) -> str:
    name = to_ascii(text)
    if not name:
        raise click.UsageError(f'{option}: "{text}" is not a host name')
    return name
