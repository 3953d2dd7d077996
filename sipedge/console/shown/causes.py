"""Where the console shows more about an alarm: one step from the alarm to its cause."""

from __future__ import annotations

import re

PLACES = {
    "certificate": "/zones#certificates",
    "service": "/servers",
    "lost": "/logs/edge",
    "load": "/logs/edge?level=error",
    "edge": "/logs",
    "doctor": "/doctor",
    "trial": "/revisions",
    "undone": "/revisions",
    "history": "/history",
}
"""First word of a condition's key -> page."""
ALIVE = ("alive", "active")
"""States of a peer with which all is well."""
OF_ZONES = ("peer", "zone", "name")


def place_of(key: str) -> str:
    """``key``: of a condition; '' where no page says more than its sentence."""
    kind, _, rest = key.partition(" ")
    if kind not in OF_ZONES:
        return PLACES.get(kind, "")
    zone = rest.rpartition(" ")[0] if kind == "peer" else rest if kind == "zone" else ""
    return f"/zones#{anchor_of(zone)}" if zone else "/zones"


def anchor_of(zone: str) -> str:
    """The id of its row: it has no blanks."""
    return f"at-{re.sub('[^A-Za-z0-9]+', '-', zone)}"
