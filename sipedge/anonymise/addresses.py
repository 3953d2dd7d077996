"""IP addresses -> others of the same length and kind, one for one; those that the configuration knows stay."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from ipaddress import ip_address

_FIRST = {1: (1, 9), 2: (11, 99), 3: (100, 223)}
_OTHER = {1: (0, 9), 2: (10, 99), 3: (100, 255)}
_PRIVATE = {"10": 1, "192": 2, "172": 2, "169": 2, "100": 2}
"""First octet -> how many octets tell the private network; but for 10 only where it is one."""
_DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.")
_TRIES = 500
MAX_REMEMBERED = 1_000_000


class Addresses:
    """``stays``: whether an address is to be left as it is."""

    def __init__(self, key: bytes, stays: Callable[[str], bool]) -> None:
        self._key, self._stays = key, stays
        self._made: dict[str, str] = {}
        self._taken: set[str] = set()

    def __call__(self, text: str) -> str:
        """``text``: an address without brackets; what is none comes back as it is."""
        made = self._made.get(text)
        if made is None:
            made = self._make(text)
            if len(self._made) < MAX_REMEMBERED:
                self._made[text] = made
                self._taken.add(made)
        return made

    def _make(self, text: str) -> str:
        try:
            address = ip_address(text)
        except ValueError:
            return text
        if self._stays(text) or address.is_loopback or address.is_unspecified or address.is_multicast:
            return text
        for number in range(_TRIES):
            made = _version4(self._key, text, number) if address.version == 4 else _version6(self._key, text, number)
            if made != text and made not in self._taken and _same_kind(text, made) and not self._stays(made):
                return made
        return text


def _stream(key: bytes, text: str, number: int) -> bytes:
    return blake2b(text.encode(), key=key, salt=number.to_bytes(8, "big")).digest()


def _version4(key: bytes, text: str, number: int) -> str:
    """Octets that tell a private network stay."""
    octets = text.split(".")
    known = 3 if text.startswith(_DOCUMENTATION) else _PRIVATE.get(octets[0], 0)
    if known == 2 and ip_address(text).is_global:
        known = 0
    seed = _stream(key, text, number)
    made = octets[:known]
    for place in range(known, 4):
        low, high = (_FIRST if place == 0 else _OTHER)[len(octets[place])]
        value = int.from_bytes(seed[4 * place : 4 * place + 4], "big")
        made.append(str(low + value % (high - low + 1)))
    return ".".join(made)


def _version6(key: bytes, text: str, number: int) -> str:
    """The first two groups stay: they tell documentation, link-local and private addresses from others."""
    groups, seed = text.split(":"), _stream(key, text, number)
    made = groups[:2]
    for place, group in enumerate(groups[2:], 2):
        if "." in group:
            made.append(_version4(key, group, number))
            continue
        value = int.from_bytes(seed[2 * place : 2 * place + 2], "big")
        made.append(f"{value:04x}"[-len(group) :].replace("0", "1", 1) if group.strip("0") else group)
    return ":".join(made)


def _same_kind(old: str, new: str) -> bool:
    try:
        before, after = ip_address(old), ip_address(new)
    except ValueError:
        return False
    if after.is_loopback or after.is_multicast or after.is_unspecified:
        return False
    return len(old) == len(new) and before.is_global == after.is_global and before.is_private == after.is_private
