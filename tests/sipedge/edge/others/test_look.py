"""Counts of several workers are one count."""

from __future__ import annotations

from sipedge.edge.others.look import Look, together
from sipedge.tap.metrics import Counters, Gauges


def look(number: int, counted: bool = True) -> Look:
    gauges = Gauges(
        connections={"far": number},
        refused={("far", "zone"): number},
        waiting=number,
        transactions={"server": number},
        dns={"asked": number},
    )
    counters = Counters({("received", "far", "MESSAGE"): number}, {}, {}, {"timeout": number}, {"a.pem": number})
    transactions, waiting = {8 * number: number, 1: 1}, {("far", "192.0.2.1:5060"): number}
    remembered = {"hits": number, "short": 1}
    return Look(gauges, counters if counted else None, transactions, waiting, number, remembered)


def test_what_each_has_counted_is_added_and_what_the_first_knows_alone_is_not() -> None:
    all_of_them = together(look(1), [look(2), look(3)])
    assert all_of_them.gauges.connections == {"far": 1}
    assert all_of_them.gauges.refused == {("far", "zone"): 6}
    assert all_of_them.gauges.waiting == 6 and all_of_them.gauges.transactions == {"server": 6}
    assert all_of_them.counters is not None
    assert all_of_them.counters.requests == {("received", "far", "MESSAGE"): 6}
    assert all_of_them.counters.dns == {"timeout": 6} and all_of_them.counters.certificates == {"a.pem": 1}
    assert all_of_them.transactions == {1: 3, 8: 1, 16: 2, 24: 3}
    assert all_of_them.waiting == {("far", "192.0.2.1:5060"): 6}
    assert all_of_them.decisions == 6 and all_of_them.remembered == {"hits": 6, "short": 3}


def test_without_metrics_there_are_no_counters() -> None:
    assert together(look(1, counted=False), [look(2, counted=False)]).counters is None
