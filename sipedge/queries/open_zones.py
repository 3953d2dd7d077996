"""A configuration with an outside whose inner zones do not say what the outside may see of them."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.check import Finding, Level
from dialplan.model import Location
from sipedge.config.reading.reader import open_toml
from sipedge.config.tables import read_tables

from .new_defaults import is_outside, zones_in_use


def open_zones(file: str) -> Iterator[Finding]:
    """One note at most. ``file``: a configuration that can be read.

    A zone that writes its topology, with whatever value, is no finding: the admin has decided.
    """
    reader = open_toml(file)
    tables = read_tables(reader)
    zones = list(zones_in_use(tables))
    outside = [zone.name for _, zone in zones if is_outside(zone)]
    silent = [
        (path, zone.name)
        for path, zone in zones
        if not is_outside(zone) and (*path, "topology") not in reader.positions.keys
    ]
    if not outside or not silent:
        return
    names, peers = (", ".join(f'"{name}"' for name in some) for some in ([name for _, name in silent], outside))
    who = f"zone {names} does" if len(silent) == 1 else f"zones {names} do"
    yield Finding(
        "open-topology",
        Level.NOTE,
        Location(reader.file, *reader.positions.of_key(silent[0][0])),
        f'{who} not say "topology": peers of {peers} see host names, addresses and Call-IDs of the inside',
        'topology = "hidden" shows them the edge only; topology = "open" leaves it so and ends this note',
    )
