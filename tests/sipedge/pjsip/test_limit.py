"""A limit of all workers together is neither a part for each nor as much for each."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sipedge.bus.tally import Tally
from sipedge.pjsip.limit import Limit


@pytest.fixture
def limits() -> Iterator[list[Limit]]:
    memory = os.memfd_create("test")
    made = [Limit(10), Limit(10)]
    for worker, limit in enumerate(made):
        limit.tally = Tally(memory, worker)
    yield made
    os.close(memory)


def test_one_worker_may_hold_all_that_the_others_do_not(limits: list[Limit]) -> None:
    one, two = limits
    assert one.left(0) == 10
    assert two.left(7) == 3
    assert one.left(0) == one.left(0) == 3
    assert one.left(3) == 0 and two.left(7) == 0
    assert two.left(2) == 5


def test_alone_it_is_a_plain_number() -> None:
    assert Limit(10).left(7) == 3


def test_a_limit_that_has_shrunk_lets_nothing_begin(limits: list[Limit]) -> None:
    one, two = limits
    assert two.left(9) == 1
    one.most = 5
    assert one.left(0) < 0
