"""What waits for a connection to one hop is counted in all workers."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sipedge.bus.shelf import SharedShelf
from sipedge.edge.others.waiting_of_all import COUNTS, WaitingOfAll
from sipedge.edge.waiting import Waiting
from sipedge.proxy.commands import Forward, Send
from zones.zone import Hop

ONE, TWO = Hop("far", "TLS", "192.0.2.1", 5061, "a.example"), Hop("far", "TLS", "192.0.2.2", 5061, "a.example")


class Time:
    def __init__(self) -> None:
        self.now = 1000.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def views(time: Time) -> Iterator[list[WaitingOfAll]]:
    file = os.memfd_create("test")
    yield [WaitingOfAll(SharedShelf(file, worker), time) for worker in range(3)]
    os.close(file)


def test_what_waits_in_one_worker_counts_in_the_others(views: list[WaitingOfAll]) -> None:
    one, two, three = (Waiting(view) for view in views)
    one.add(Forward("z9hG4bK1", ONE, b"", b""))
    one.add(Forward("z9hG4bK2", ONE, b"", b""))
    two.add(Send(ONE, b""))
    assert [each.count(ONE) for each in (one, two, three)] == [3, 3, 3]
    assert three.count(TWO) == 0
    one.abandon("z9hG4bK1")
    assert three.count(ONE) == 2
    assert len(one.take(ONE)) == 1 and one.take(TWO) == []
    assert [each.count(ONE) for each in (one, two, three)] == [1, 1, 1]


def test_what_waited_in_a_worker_that_died_does_not_count_for_ever(views: list[WaitingOfAll], time: Time) -> None:
    views[0].put(ONE, 1000)
    time.now += COUNTS - 1
    assert views[1].others(ONE) == 1000
    time.now += 1
    assert views[1].others(ONE) == 0
    views[0].put(ONE, 1)
    assert views[1].others(ONE) == 1
