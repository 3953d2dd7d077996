"""A busy peer is worth a connection of each worker, a quiet one is not, and one that wants none is asked rarely."""

from __future__ import annotations

from sipedge.edge.others.crossing import PAUSE, WINDOW, Crossing
from zones.zone import Hop

HOP, OTHER = (Hop(zone, "TLS", "192.0.2.1", 5061, "far.example") for zone in ("far", "other"))


def test_a_connection_is_worth_it_where_more_than_so_many_messages_come_within_a_second() -> None:
    crossing = Crossing()
    assert not crossing.is_worth_one(HOP, 100, most=100, now=5.0)
    assert not crossing.is_worth_one(OTHER, 100, most=100, now=5.5)
    assert crossing.is_worth_one(HOP, 1, most=100, now=5.9)


def test_messages_of_the_second_before_do_not_count() -> None:
    crossing = Crossing()
    assert not crossing.is_worth_one(HOP, 100, most=100, now=5.0)
    assert not crossing.is_worth_one(HOP, 100, most=100, now=5.0 + WINDOW)


def test_after_one_attempt_there_is_no_other_for_a_minute() -> None:
    crossing = Crossing()
    assert crossing.is_worth_one(HOP, 101, most=100, now=5.0)
    assert not crossing.is_worth_one(HOP, 101, most=100, now=5.0 + PAUSE - 0.1)
    assert crossing.is_worth_one(HOP, 101, most=100, now=5.0 + PAUSE + WINDOW)


def test_a_peer_that_closed_all_may_be_asked_at_once() -> None:
    """It was started again."""
    crossing = Crossing()
    assert crossing.is_worth_one(HOP, 101, most=100, now=5.0)
    crossing.forget(HOP)
    assert crossing.is_worth_one(HOP, 1, most=100, now=5.1)


def test_nought_means_that_one_connection_serves_all() -> None:
    assert not Crossing().is_worth_one(HOP, 1_000_000, most=0, now=5.0)
