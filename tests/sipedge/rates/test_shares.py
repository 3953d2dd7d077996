from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.rates.shares import Shares

RATE, BURST = 100.0, 5.0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), st.integers(1, 50)), min_size=1, max_size=60),
    st.floats(0.5, 200),
    st.floats(0, 10),
)
@examples(300)
def test_no_more_than_rate_and_burst_pass(arrivals: list[tuple[float, int, int]], rate: float, burst: float) -> None:
    shares, now, passed = Shares(), 0.0, 0
    for pause, who, count in arrivals:
        now += pause
        passed += sum(shares.take(who, rate, burst, now) == 0.0 for _ in range(count))
        assert passed <= rate * now + max(rate * burst, 1.0) + 1e-6


@given(
    st.lists(st.floats(0.02, 0.9), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(2, 30),
)
@examples(60)
def test_a_flood_never_takes_what_others_are_due(wishes: list[float], flooders: int, excess: int) -> None:
    """Peers that want less than their share of the rate get all of it, whenever they come, however much others send."""
    share = RATE / (len(wishes) + flooders + 1)
    shares, step = Shares(), 0.01
    due = [step * number for number in range(len(wishes))]
    refused = [0] * len(wishes)
    for tick in range(3000):
        now = tick * step
        for flooder in range(flooders):
            for _ in range(excess):
                shares.take(f"flooder {flooder}", RATE, BURST, now)
        for number, wish in enumerate(wishes):
            while due[number] <= now:
                due[number] += 1 / (wish * share)
                refused[number] += shares.take(number, RATE, BURST, now) != 0.0
    assert refused == [0] * len(wishes)


def test_one_alone_may_have_the_whole_rate() -> None:
    shares = Shares()
    passed = sum(shares.take("only", RATE, BURST, tick / 1000) == 0.0 for tick in range(10_000))
    assert passed > 0.95 * (RATE * 10 + RATE * BURST / 2)


def test_of_two_floods_each_has_a_third_at_least() -> None:
    shares, passed = Shares(), {"one": 0, "other": 0}
    for tick in range(20_000):
        for who, times in (("one", 1), ("other", 3)):
            passed[who] += sum(shares.take(who, RATE, BURST, tick / 1000) == 0.0 for _ in range(times))
    assert min(passed.values()) > sum(passed.values()) / 3


def test_a_rate_below_one_lets_one_pass_at_a_time() -> None:
    shares = Shares()
    assert shares.take("a", 0.1, 1.0, 0.0) == 0.0
    assert shares.take("a", 0.1, 1.0, 0.0) == 10.0
    assert shares.take("b", 0.1, 1.0, 10.0) == 0.0


def test_a_million_peers_take_no_more_room_than_some() -> None:
    shares = Shares(most=100)
    for number in range(1_000_000):
        shares.take(number, 1000.0, 1.0, number / 1e7)
    assert len(shares) <= 100
