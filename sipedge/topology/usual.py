"""Messages in the usual form, whose lines C passes over a border: where in them the lines are that change."""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.sip.message import HeaderIndex

from .leaks import DROPPED, MAY_NAME_HOSTS

UNUSUAL = frozenset(
    "replaces join target-dialog in-reply-to refer-to referred-by reply-to record-route warning".split()
    + ["ms-diagnostics", "ms-diagnostics-public"]
)
"""A message with one of these is left to ``Border``: it rewrites them."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Numbers of lines, in messages with the same names in the same order."""

    content_type: int
    """0: there is none."""
    dropped: tuple[int, ...]
    """What a hidden zone never shows."""
    searched: tuple[int, ...]
    """What may name its hosts, Contacts first."""
    contacts: int
    """So many of these are Contacts."""


def usual(index: HeaderIndex) -> Usual | None:
    """None: messages with these names are left to ``Border``."""
    if usual not in index.memo:
        index.memo[usual] = _usual(index)
    found: Usual | None = index.memo[usual]
    return found


def _usual(index: HeaderIndex) -> Usual | None:
    if UNUSUAL & index.keys() or len(index.get("call-id", ())) != 1:
        return None
    dropped = tuple(number for name in DROPPED for number in index.get(name, ()))
    contacts = index.get("contact", ())
    others = index.keys() - MAY_NAME_HOSTS - {*DROPPED, "contact"}
    searched = (*contacts, *sorted(number for name in others for number in index[name]))
    return Usual(index.get("content-type", (0,))[0], dropped, searched, len(contacts))
