from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.rates.buckets import Buckets

PAUSES = st.lists(st.floats(0, 3), min_size=1, max_size=200)
RATES, BURSTS = st.floats(0.1, 1000), st.floats(0, 10)


@given(PAUSES, RATES, BURSTS)
@examples(300)
def test_no_more_than_rate_and_burst_pass(pauses: list[float], rate: float, burst: float) -> None:
    """From every request that passed to every later one."""
    buckets, now = Buckets(), 0.0
    passed: list[float] = []
    for pause in pauses:
        now += pause
        if buckets.take("peer", rate, burst, now) == 0.0:
            passed.append(now)
    for first, began in enumerate(passed):
        for count, ended in enumerate(passed[first:], 1):
            assert count <= rate * (ended - began) + max(rate * burst, 1.0) + 1e-6


@given(PAUSES, RATES, BURSTS)
@examples(100)
def test_who_waits_as_long_as_was_said_gets_a_token(pauses: list[float], rate: float, burst: float) -> None:
    buckets, now = Buckets(), 0.0
    for pause in pauses:
        now += pause
        wait = buckets.take("peer", rate, burst, now)
        if wait:
            now += wait
            assert buckets.take("peer", rate, burst, now) == 0.0


@pytest.mark.parametrize(("rate", "burst", "at_once"), [(10.0, 5.0, 50), (10.0, 0.0, 1), (0.1, 5.0, 1), (3.0, 1.0, 3)])
def test_a_quiet_peer_may_send_a_burst(rate: float, burst: float, at_once: int) -> None:
    buckets = Buckets()
    for _ in range(2):
        assert [buckets.take("peer", rate, burst, 5.0) == 0.0 for _ in range(at_once + 1)] == [True] * at_once + [False]
        buckets = Buckets()


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = Buckets()
    assert buckets.take("a", 1.0, 0.0, 0.0) == 0.0
    assert buckets.take("a", 1.0, 0.0, 0.25) == 0.75
    assert buckets.take("b", 1.0, 0.0, 0.25) == 0.0


def test_a_million_keys_take_no_more_room_than_some() -> None:
    buckets = Buckets(most=100)
    for number in range(1_000_000):
        assert buckets.take(number, 1.0, 1000.0, number / 1e6) == 0.0
    assert len(buckets) == 100


def test_full_buckets_are_let_go() -> None:
    buckets = Buckets()
    for number in range(1000):
        buckets.take(number, 1.0, 5.0, 0.0)
    buckets.take("later", 1.0, 5.0, 0.5)
    buckets.let_go(0.9)
    assert len(buckets) == 1001
    buckets.let_go(1.0)
    assert len(buckets) == 1


def test_the_key_used_longest_ago_gives_way() -> None:
    buckets = Buckets(most=2)
    for key in ("a", "b", "a", "c"):
        buckets.take(key, 1.0, 2.0, 0.0)
    assert buckets.take("a", 1.0, 2.0, 0.0) > 0
    assert [buckets.take("b", 1.0, 2.0, 0.0) for _ in range(2)] == [0.0, 0.0]
