"""Aliases made of two others, as two patterns often leave each other's half of an address open."""

from __future__ import annotations


def composed(first: str | None, second: str | None) -> list[str]:
    """Both, the user of each at the host of the other, and the host of each in a parameter of the other.

    Those with ``alice`` and nothing else come first, then the shorter ones.
    """
    aliases = [alias for alias in (first, second) if alias]
    users = [user for user, at, _ in (alias.rpartition("@") for alias in aliases) if at]
    hosts = [alias.rpartition("@")[2] for alias in aliases]
    parameters = [f"{alias};a={host}" for alias in aliases for host in hosts]
    made = dict.fromkeys([*aliases, *(f"{user}@{host}" for user in users for host in hosts), *parameters])
    return sorted(made, key=lambda alias: (not alias.startswith("alice@"), len(alias)))
