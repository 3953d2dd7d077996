"""What one worker has counted and has open, and several such looks as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sipedge.tap.metrics import Counters, Gauges

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Look:
    gauges: Gauges
    counters: Counters | None
    """None where nobody asks for metrics."""
    transactions: Mapping[int, int]
    """Connection -> those that wait for an answer on it."""
    waiting: Mapping[tuple[str, str], int]
    """Zone, and ``address:port`` of a hop -> requests that wait for a connection to it; zone, and name or address of a
    partner -> those that wait for their turn to leave."""
    decisions: int
    """Made since the start."""
    remembered: Mapping[str, int]
    """See Memory.counts."""


def together(first: Look, others: Sequence[Look]) -> Look:
    """``first``: of the worker that knows all connections, peers and bans; the others add what they have counted."""
    looks = [first, *others]
    transactions = _sum([look.transactions for look in looks])
    counters = None if first.counters is None else _counters(first.counters, looks)
    whole = {connection: int(number) for connection, number in transactions.items()}
    remembered = {key: int(number) for key, number in _sum([look.remembered for look in looks]).items()}
    waiting = {key: int(number) for key, number in _sum([look.waiting for look in looks]).items()}
    return Look(_gauges(looks), counters, whole, waiting, sum(look.decisions for look in looks), remembered)


def _gauges(looks: Sequence[Look]) -> Gauges:
    each = [look.gauges for look in looks]
    return replace(
        each[0],
        refused=_sum([gauges.refused for gauges in each]),
        requests_refused=_sum([gauges.requests_refused for gauges in each]),
        waiting=sum(gauges.waiting for gauges in each),
        calls=sum(gauges.calls for gauges in each),
        transactions=_sum([gauges.transactions for gauges in each]),
        dns=_sum([gauges.dns for gauges in each]),
        dns_spared=_sum([gauges.dns_spared for gauges in each]),
        dropped=_sum([gauges.dropped for gauges in each]),
    )


def _counters(first: Counters, looks: Sequence[Look]) -> Counters:
    each = [look.counters for look in looks if look.counters is not None]
    return Counters(
        _sum([counters.requests for counters in each]),
        _sum([counters.responses for counters in each]),
        _sum([counters.decisions for counters in each]),
        _sum([counters.dns for counters in each]),
        first.certificates,
    )


def _sum(each: Sequence[Mapping[Key, float]]) -> dict[Key, float]:
    total: Counter[Key] = Counter()
    for counts in each:
        total.update(counts)
    return dict(total)
