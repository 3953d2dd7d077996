"""Differences between two plans in words: one wording for commands and pages."""

from __future__ import annotations

from collections.abc import Sequence

from dialplan.search.search import Explanation

from .requests import Conditions, Sender

MOST_SHOWN = 6
"""Zones that are named in one line for people."""


def common_senders(old: Sequence[Sender] | None, new: Sequence[Sender] | None) -> list[Sender] | None:
    """What a zone can send by either configuration; None where one of them does not say."""
    if old is None or new is None:
        return None
    merged: dict[str, Sender] = {}
    for sender in (*old, *new):
        known = merged.get(sender.name, sender)
        merged[sender.name] = Sender(
            sender.name, known.authenticated | sender.authenticated, known.traffic | sender.traffic
        )
    return list(merged.values())


def likewise_text(conditions: Sequence[Conditions]) -> str:
    """All conditions in a few words; '' where there is one only."""
    if len({(condition.source, condition.traffic) for condition in conditions}) < 2:
        return ""
    zones = list(dict.fromkeys(condition.source for condition in conditions))
    traffic = list(dict.fromkeys(condition.traffic.value for condition in conditions))
    shown = ", ".join(f'"{zone}"' for zone in zones[:MOST_SHOWN])
    more = f" and {len(zones) - MOST_SHOWN} more" if len(zones) > MOST_SHOWN else ""
    return f"from {shown}{more}; {', '.join(traffic)}"


def route_text(explanation: Explanation) -> str:
    """``zone "A" as x (rule "r"); then zone "B"``."""
    if not explanation.tiers:
        return "nowhere: 404 Not Found"
    tiers = []
    for tier in explanation.tiers:
        targets = [
            f'zone "{target.zone}"'
            + (f" as {target.alias}" if target.alias != explanation.alias else "")
            + f' (rule "{target.rule}")'
            for target in tier.targets
        ]
        tiers.append(" and ".join(targets))
    return "; then ".join(tiers)
