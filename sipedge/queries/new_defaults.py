"""What an installation that upgrades should know: keys that it does not write and whose defaults have become stricter.

A key that is written, with whatever value, is no finding: the admin has decided. Changes without a switch are in
docs/identity.md only; a note about them would never go away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dialplan.check import Finding, Level
from dialplan.model import Location
from sipedge.config.reading.positions import Path
from sipedge.config.reading.reader import Reader, open_toml
from sipedge.config.tables import Tables, read_tables
from zones.zone import AnyZone, DefaultZone, DnsZone


@dataclass(frozen=True, slots=True)
class NewDefault:
    """A key of zones. ``effect`` and ``back`` are phrases: what is refused now, what brings it back."""

    key: str
    default: str
    """As edge.toml has it."""
    concerns: Callable[[AnyZone], bool]
    effect: str
    back: str


def is_outside(zone: AnyZone) -> bool:
    return isinstance(zone, DnsZone | DefaultZone)


def _takes_strangers(zone: AnyZone) -> bool:
    return isinstance(zone, DefaultZone) or (isinstance(zone, DnsZone) and zone.inbound_mapping)


OF_ZONES = (
    NewDefault(
        "from_domain",
        '"certificate"',
        _takes_strangers,
        "From is compared with the peer's certificate, and who is not vouched for gets 403",
        'from_domain = "any" compares nothing (own domains come in only where from_domains lists them)',
    ),
    NewDefault(
        "authentication_trust",
        "false",
        lambda zone: True,
        "Remote-Party-ID, Diversion and other headers that say who somebody is are removed from what its peers send",
        "authentication_trust = true lets them pass",
    ),
    NewDefault(
        "border",
        "true",
        lambda zone: is_outside(zone) and zone.authentication_trust,
        "ms-edge-proxy-message-trust is removed from what its peers send",
        "border = false lets it pass",
    ),
    NewDefault(
        "allow_private",
        "false",
        is_outside,
        "no private address is connected to that DNS or a Contact names",
        "allow_private = true connects to them",
    ),
)
ROUTE_AGE = "a signed Route counts for 30 days, and those that an earlier version has signed count no more"
ROUTE_BACK = "route_age = 0 sets no limit; route_grace = YYYY-MM-DD lets calls go on until that day that are open now"


def new_defaults(file: str) -> Iterator[Finding]:
    """Notes, at most one for each key. ``file``: a configuration that can be read."""
    reader = open_toml(file)
    tables = read_tables(reader)
    zones = list(zones_in_use(tables))
    for new in OF_ZONES:
        silent = [(path, zone) for path, zone in zones if new.concerns(zone) and (*path, new.key) not in _keys(reader)]
        if silent:
            names = ", ".join(f'"{zone.name}"' for _, zone in silent)
            who = f"zone {names} does" if len(silent) == 1 else f"zones {names} do"
            yield _finding(reader, silent[0][0], who, new.key, new.effect, f"{new.back}; {new.key} = {new.default}")
    if tables.listeners and ("edge", "route_age") not in _keys(reader):
        back = f"{ROUTE_BACK}; route_age = 2592000"
        yield _finding(reader, ("edge",), "[edge] does", "route_age", ROUTE_AGE, back)


def zones_in_use(tables: Tables) -> Iterator[tuple[Path, AnyZone]]:
    """All but a Default Zone that no listener leads to."""
    reached = any(not listener.zone for _, listener in tables.listeners)
    for path, zone in tables.zones:
        if reached or not isinstance(zone, DefaultZone):
            yield path, zone


def _keys(reader: Reader) -> dict[Path, tuple[int, int]]:
    return reader.positions.keys


def _finding(reader: Reader, path: Path, who: str, key: str, effect: str, back: str) -> Finding:
    place = Location(reader.file, *reader.positions.of_key(path))
    why = f'{who} not say "{key}", whose default is stricter than it was: {effect}'
    return Finding("new-default", Level.NOTE, place, why, f"{back} keeps the default and ends this note")
