"""Answers in the words that the log and the command line share."""

from __future__ import annotations

from .values import ChangesJson

SHOWN = 12
"""Digits of a revision that people are shown; they are enough for ``expect``."""
MOST_NAMES = 5
"""Zones that a line names; of more it says how many."""
KINDS = ("added", "removed", "changed")


def short(revision: str) -> str:
    return revision[:SHOWN]


def changes_text(changes: ChangesJson) -> str:
    """``rules +1 -0, zone "far" changed, limits changed``; ``nothing`` where they are the same."""
    parts = [_counts("rules", changes["rules"]), _counts("transforms", changes["transforms"])]
    parts += [_zones(kind, changes["zones"][kind]) for kind in KINDS]
    parts += [f"{name.replace('_', ' ')} changed" for name in changes["settings"]]
    return ", ".join(filter(None, parts)) or "nothing"


def _counts(what: str, numbers: dict[str, int]) -> str:
    if not any(numbers.values()):
        return ""
    changed = f" ({numbers['changed']} changed)" if numbers["changed"] else ""
    return f"{what} +{numbers['added']} -{numbers['removed']}{changed}"


def _zones(kind: str, names: list[str]) -> str:
    if len(names) > MOST_NAMES:
        return f"{len(names)} zones {kind}"
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"zone{'s' if len(names) > 1 else ''} {quoted} {kind}" if names else ""
