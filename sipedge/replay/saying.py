"""Zones of addresses as a person says them: ``192.0.2.1=IMP``, ``[2001:db8::1]:5061=IMP``, a file of such lines."""

from __future__ import annotations

from collections.abc import Iterable

from sipedge.queries.query import QueryError, zone_named
from sipedge.settings import Settings
from zones.addresses import canonical_address


def zone_of_address(text: str) -> tuple[str, str]:
    """(address, zone). Raises QueryError."""
    address, equals, zone = text.partition("=")
    address, zone = address.strip().strip("[]") if "]:" not in address else address.strip(), zone.strip().strip('"')
    if not equals or not address or not zone:
        raise QueryError(f'"{text.strip()}" is not an address and a zone; write 192.0.2.1=ZONE')
    return address, zone


def zones_of_file(file: str) -> list[tuple[str, str]]:
    """One ``ADDRESS=ZONE`` a line; blank lines and what follows a # are passed over. Raises QueryError."""
    try:
        with open(file, encoding="utf-8") as stream:
            lines = [line.partition("#")[0] for line in stream]
    except OSError as error:
        raise QueryError(f'"{file}" cannot be read: {error.strerror}') from None
    except UnicodeDecodeError:
        raise QueryError(f'"{file}" is not UTF-8 text') from None
    return [zone_of_address(line) for line in lines if line.strip()]


def name_and_address(text: str) -> tuple[str, str]:
    """(host name in lower case, address). Raises QueryError."""
    host, _, address = text.partition("=")
    host, address = host.strip().lower(), canonical_address(address.strip().strip("[]"))
    if not host or not address:
        raise QueryError(f'"{text.strip()}" is not a name and its address; write sip.example.com=192.0.2.1')
    return host, address


def resolved(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Host name -> its addresses, of single names and addresses."""
    addresses: dict[str, list[str]] = {}
    for host, address in names:
        addresses.setdefault(host, []).append(address)
    return addresses


def with_zone_names(said: Iterable[tuple[str, str]], settings: Settings) -> tuple[tuple[str, str], ...]:
    """Each zone as the configuration writes it. Raises QueryError for one that is not configured."""
    return tuple((address, zone_named(zone, settings)) for address, zone in said)
