"""When will a public CA's certificate be renewed without clientAuth? (Chrome's root programme; two dates are told.)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SUNSETS = (datetime(2026, 6, 15, tzinfo=UTC), datetime(2027, 3, 15, tzinfo=UTC))
"""From then on public CAs issue no clientAuth: the earlier and the later date that sources give."""
_MOST_RENEWALS = 1000


def clientauth_lost(not_before: datetime, not_after: datetime, sunset: datetime) -> datetime:
    """The day of the first renewal on or after ``sunset``, when each certificate is as long-lived as this one and is
    renewed on its last day. A certificate that was issued after the sunset with clientAuth loses it when it ends."""
    lifetime = max(not_after - not_before, timedelta(days=1))
    renewal = not_after
    for _ in range(_MOST_RENEWALS):
        if renewal >= sunset:
            break
        renewal += lifetime
    return renewal


def forecast(not_before: datetime, not_after: datetime) -> tuple[datetime, ...]:
    """By each of SUNSETS, the earlier one first."""
    return tuple(clientauth_lost(not_before, not_after, sunset) for sunset in SUNSETS)
