"""Record-Route of a hidden zone: sealed into the edge's own value, and unsealed in Route (RFC 3261 16.6 step 4, 12.2).

A value of the edge's own reads ``e-TOKEN`` or ``e-TOKEN.SEALED``; what is sealed are the Route values that have to
follow, in the order of Route. The seal is bound to its token, and so to the dialog and to the two zones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from sipedge.sip.message import Message
from sipedge.sip.values import parse_address, split_commas

from .seals import Kind, Seals

DOT = "."
MOST, LONGEST = 1024, 512
"""Route values whose user part is remembered, because they come with each message of a dialog, and their characters."""
_BETWEEN = "\n"
"""Unfolded header values hold none."""
SAME_ZONES = 23
"""Characters at the beginning of a token that say when and for which zones it was made: the rest changes when a Contact
is sealed into it."""


class Routes:
    """Seals and opens what follows the edge's own Route value."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    def sealed(self, own: str, following: Sequence[str], longest: int = 0) -> str:
        """``own``: a Record-Route value of the edge; ``following``: whole Route values behind it.

        ``longest``: characters of a user part that the peer takes, 0 for any number.
        """
        if not following:
            return own
        user = user_of(own)
        left = max(longest - len(user) - len(DOT), 1) if longest else 0
        return own.replace(user, user + DOT + self._seals.seal(Kind.ROUTES, user, _BETWEEN.join(following), left), 1)

    def unsealed(self, message: Message, counts: Callable[[str], bool]) -> list[str]:
        """All Route values of a message, what was sealed in its place; empty where nothing was.

        ``counts``: whether a token of the edge (without what is sealed behind it) holds for this message.
        """
        items: list[str] = []
        found = False
        for item in message.items("route"):
            user = user_of(item)
            token, _, sealed = user.partition(DOT)
            text = self._seals.open(Kind.ROUTES, token, sealed) if sealed and counts(token) else None
            found = found or text is not None
            items += [item] if text is None else (item.replace(user, token, 1), *text.split(_BETWEEN))
        return items if found else []


def user_of(item: str) -> str:
    """The user part of a Route value; '' where it has none."""
    return _remembered_user(item) if len(item) <= LONGEST else _user_of(item)


def _user_of(item: str) -> str:
    user, at, _ = parse_address(item).uri.partition("@")
    return user.partition(":")[2] if at else ""


_remembered_user = lru_cache(maxsize=MOST)(_user_of)


def place_of(items: Sequence[str], own: str) -> int:
    """Where in Record-Route the edge's own value stands, whatever has been sealed into it since; -1: nowhere."""
    beginning = user_of(own)[:SAME_ZONES]
    for place, item in enumerate(items):
        if beginning and user_of(item).startswith(beginning):
            return place
    return -1


def values_of(message: Message, name: str) -> list[str]:
    """All values of a header, whole, in order."""
    return [item for value in message.values(name) for item in split_commas(value)]
