"""Memory that all workers share: what one writes another reads, and nothing in it grows."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sipedge.bus.directory import FRESH, SLOTS, Directory
from sipedge.bus.shelf import SharedShelf
from sipedge.bus.tally import Tally


@pytest.fixture
def memory() -> Iterator[int]:
    file = os.memfd_create("test")
    yield file
    os.close(file)


def name(key: int) -> bytes:
    return b"z9hG4bK" + b"0" * 16 + b"%016x" % key


def test_the_first_worker_that_has_a_request_is_its_owner_for_all(memory: int) -> None:
    one, two = Directory(memory, 1), Directory(memory, 2)
    assert one.owner(name(7), 10.5, 1) == 1
    assert two.owner(name(7), 11.0, 2) == 1
    assert two.owner(name(8), 11.0, 2) == one.owner(name(8), 12.0, 1) == 2
    assert one.owner(name(9), 1.0, 3) == two.owner(name(9), 1.0, 2) == 3
    assert one.owner(name(2**64 - 1), 1.0, 1) == two.owner(name(2**64 - 1), 1.0, 2) == 1


def test_an_old_entry_counts_no_more(memory: int) -> None:
    one, two = Directory(memory, 1), Directory(memory, 2)
    assert one.owner(name(7), 1000.0, 1) == 1
    assert two.owner(name(7), 1000.0 + FRESH, 2) == 2


def test_another_request_in_the_same_place_pushes_the_older_one_out(memory: int) -> None:
    one, two = Directory(memory, 1), Directory(memory, 2)
    one.owner(name(7), 1.0, 1)
    assert two.owner(name(7 + SLOTS), 1.0, 2) == 2
    assert two.owner(name(7), 1.0, 2) == 2


def test_a_number_of_one_worker_is_read_by_the_other(memory: int) -> None:
    one, two = SharedShelf(memory, 0), SharedShelf(memory, 1)
    assert two.get(-5) == 0.0
    one.put(-5, 12.25)
    assert two.get(-5) == 12.25
    two.put(-5, 13.5)
    assert one.get(-5) == 13.5


def test_what_each_worker_has_is_added_and_what_one_had_that_died_is_gone(memory: int) -> None:
    one, two = Tally(memory, 0), Tally(memory, 1)
    assert (one.whole(3), two.whole(4), one.others()) == (3, 7, 4)
    assert two.whole(1) == 4
    assert (Tally(memory, 1).others(), one.whole(3)) == (3, 3)
