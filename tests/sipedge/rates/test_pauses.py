from __future__ import annotations

from sipedge.rates.pauses import QUIET, Pauses


def test_each_pause_is_twice_as_long_as_the_one_before() -> None:
    pauses, now = Pauses(), 0.0
    lengths = []
    for _ in range(9):
        lengths.append(pauses.failed("who", now))
        now += lengths[-1]
    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_pause_runs_out() -> None:
    pauses = Pauses()
    pauses.failed("who", 10.0)
    pauses.failed("who", 11.0)
    assert [pauses.left("who", now) for now in (11.0, 12.5, 13.0, 99.0)] == [2.0, 0.5, 0.0, 0.0]
    assert pauses.left("other", 11.0) == 0.0


def test_a_right_password_ends_it() -> None:
    pauses = Pauses()
    pauses.failed("who", 0.0)
    pauses.succeeded("who")
    assert pauses.left("who", 0.0) == 0.0
    assert pauses.failed("who", 0.0) == 1.0


def test_a_long_time_without_a_try_ends_it() -> None:
    pauses = Pauses()
    pauses.failed("who", 0.0)
    assert pauses.failed("who", QUIET) == 2.0
    assert pauses.failed("who", QUIET + 2.0 + QUIET) == 1.0


def test_a_million_names_take_no_more_room_than_some() -> None:
    pauses = Pauses(most=100)
    for number in range(1_000_000):
        pauses.failed(number, 0.0)
    assert len(pauses) == 100
    assert pauses.left(0, 0.0) == 0.0 and pauses.left(999_999, 0.0) == 1.0
