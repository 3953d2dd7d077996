from __future__ import annotations

from itertools import product

import pytest

from zones.peer import TABLE, Health, NeighborPeer, Outages, Sign, When


def peer(health: Health = Health.ALIVE) -> NeighborPeer:
    return NeighborPeer(interval=60.0, due_at=10.0, health=health)


def test_every_sign_in_every_state_has_a_row() -> None:
    assert set(TABLE) == set(product(Health, Sign))


@pytest.mark.parametrize(("health", "sign"), list(TABLE))
def test_every_row(health: Health, sign: Sign) -> None:
    one = peer(health)
    after, when = TABLE[health, sign]
    assert one.saw(sign, 100.0) is (after is not health)
    assert one.health is after
    assert one.due_at == {When.STAYS: 10.0, When.INTERVAL: 160.0, When.PAUSE: 101.0}[when]


def test_an_answer_always_brings_it_back() -> None:
    assert all(TABLE[health, Sign.ANSWERED][0] is Health.ALIVE for health in Health)


def test_the_pause_doubles_with_each_attempt_up_to_the_interval() -> None:
    one = peer()
    pauses = []
    for _ in range(9):
        one.saw(Sign.FAILED, 100.0)
        pauses.append(one.due_at - 100.0)
        one.saw(Sign.TRIED, 100.0)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    one.saw(Sign.ANSWERED, 200.0)
    assert (one.health, one.failures, one.due_at) == (Health.ALIVE, 0, 260.0)


def test_many_requests_that_run_into_one_outage_count_once() -> None:
    one = peer()
    for _ in range(1000):
        one.saw(Sign.FAILED, 100.0)
    assert (one.failures, one.due_at) == (1, 101.0)


def test_since_when_it_is_alive_or_dead_is_noted() -> None:
    one = peer()
    assert one.since == 0.0
    seen = []
    for now, sign in enumerate((Sign.FAILED, Sign.TRIED, Sign.FAILED, Sign.ANSWERED, Sign.ANSWERED, Sign.FAILED), 1):
        one.saw(sign, float(now))
        seen.append(one.since)
    assert seen == [1, 1, 1, 4, 4, 6]


def test_each_outage_is_told_once_with_its_length() -> None:
    outages = Outages()
    assert outages.saw("one", True, 0.0) == ""
    assert [outages.saw("one", False, now) for now in (1.0, 1.0, 2.0)] == ["is down", "", ""]
    assert [outages.saw("one", True, now) for now in (13.4, 14.0)] == ["is up again after 12 s", ""]


def test_what_is_not_kept_is_forgotten() -> None:
    outages = Outages()
    outages.saw("one", False, 0.0)
    outages.saw("two", False, 0.0)
    outages.keep(["two"])
    assert [outages.saw(what, True, 5.0) for what in ("one", "two")] == ["", "is up again after 5 s"]
