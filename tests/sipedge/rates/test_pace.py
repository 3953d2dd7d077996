from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.rates import pace as module
from sipedge.rates.pace import LATE, Pace

WAIT = 10.0


def left(pace: Pace[int], until: float, late: float = 0.0) -> Iterator[tuple[float, int]]:
    """(when, item) of all that leaves until then; the clock is looked at ``late`` seconds after each deadline."""
    while (deadline := pace.next_deadline()) is not None and deadline <= until:
        for item in pace.due(deadline + late):
            yield deadline + late, item


@pytest.mark.parametrize("late", [0.0, 0.003, 0.02])
@pytest.mark.parametrize("rate", [0.5, 20.0, 1000.0])
def test_a_crowd_leaves_evenly_and_in_order(rate: float, late: float) -> None:
    pace: Pace[int] = Pace()
    answers = [pace.enter("edge", rate, 100.0, str(number), number, 0.0) for number in range(50)]
    assert answers == [0.0] + [None] * 49
    seen = [(0.0, 0), *left(pace, 200.0, late)]
    assert [item for _, item in seen] == [*range(50)]
    for first, (began, _) in enumerate(seen):
        for count, (ended, _) in enumerate(seen[first:], 1):
            assert count <= rate * (ended - began + LATE) + 1 + 1e-6
    assert len(pace) == 0


def test_at_most_twenty_leave_in_a_second() -> None:
    pace: Pace[int] = Pace()
    for number in range(100):
        pace.enter("edge", 20.0, WAIT, "", number, 0.0)
    times = [0.0, *(when for when, _ in left(pace, 60.0))]
    assert max(sum(begin <= when < begin + 0.999999 for when in times) for begin in times) <= 20
    assert times[-1] == pytest.approx(99 / 20)


@given(
    st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, 2)), min_size=1, max_size=80),
    st.floats(0.5, 100),
    st.floats(0, 0.05),
)
@examples(200)
def test_nothing_is_lost_doubled_or_overtaken(arrivals: list[tuple[float, int]], rate: float, late: float) -> None:
    pace: Pace[tuple[int, int]] = Pace()
    now, entered, gone = 0.0, [], []
    for number, (pause, partner) in enumerate(arrivals):
        while (deadline := pace.next_deadline()) is not None and deadline + late <= now + pause:
            gone += pace.due(deadline + late)
        now += pause
        answer = pace.enter(partner, rate, WAIT, str(number), (partner, number), now)
        if not answer:
            entered.append((partner, number))
        if answer == 0.0:
            gone.append((partner, number))
    while (deadline := pace.next_deadline()) is not None:
        gone += pace.due(deadline + late)
    for partner in range(3):
        assert [item for item in gone if item[0] == partner] == [item for item in entered if item[0] == partner]
    assert len(pace) == 0 and not pace._partners


def test_who_would_wait_too_long_is_told_how_long() -> None:
    pace: Pace[int] = Pace()
    answers = [pace.enter("edge", 2.0, 1.0, "", number, 0.0) for number in range(5)]
    assert answers == [0.0, None, None, 0.5, 0.5]
    assert pace.enter("other", 2.0, 1.0, "", 9, 0.0) == 0.0


def test_what_is_withdrawn_leaves_no_gap() -> None:
    pace: Pace[str] = Pace()
    for name in "abcd":
        pace.enter("edge", 1.0, WAIT, name, name, 0.0)
    assert [pace.withdraw(name) for name in ("a", "b", "b", "")] == [False, True, False, False]
    assert (pace.due(1.0), pace.due(2.0), len(pace)) == (["c"], ["d"], 0)


def test_all_queues_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    pace: Pace[int] = Pace()
    answers = [pace.enter(partner, 1.0, WAIT, "", 0, 0.0) for partner in ("a", "b") for _ in range(4)]
    assert answers == [0.0, None, None, None, 0.0, 1.0, 1.0, 1.0]


def test_a_million_partners_take_no_more_room_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PARTNERS", 100)
    pace: Pace[int] = Pace()
    for number in range(1_000_000):
        assert pace.enter(number, 1.0, WAIT, "", number, 0.0) == 0.0
    assert len(pace._partners) == len(pace._times) == 100
    pace.due(5.0)
    assert pace.next_deadline() is None
