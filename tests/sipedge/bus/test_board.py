"""Texts that workers put up for each other: nobody misses one who looks often enough."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sipedge.bus import board
from sipedge.bus.board import Board


@pytest.fixture
def memory() -> Iterator[int]:
    file = os.memfd_create("test")
    yield file
    os.close(file)


def test_what_one_puts_up_the_others_see_once(memory: int) -> None:
    one, two = Board(memory, 0), Board(memory, 1)
    one.put("a")
    two.put("b")
    one.put("c")
    assert list(two.news()) == ["a", "c", "b"]
    assert list(two.news()) == []
    assert list(one.news()) == ["a", "c", "b"]


def test_the_next_worker_in_a_seat_sees_all_and_goes_on(memory: int) -> None:
    Board(memory, 1).put("a")
    again, other = Board(memory, 1), Board(memory, 0)
    again.put("b")
    assert list(again.news()) == list(other.news()) == ["a", "b"]


def test_older_texts_give_way_and_none_is_torn(memory: int) -> None:
    one, two = Board(memory, 0), Board(memory, 1)
    texts = [f"{number}:" + "x" * (board.SIZE // 7) for number in range(20)]
    for text in texts:
        one.put(text)
    assert list(two.news()) == texts[-6:]
    seen = []
    for text in texts:
        one.put(text)
        seen += two.news()
    assert seen == texts


def test_what_is_too_long_is_not_put_up(memory: int) -> None:
    one = Board(memory, 0)
    one.put("x" * board.SIZE)
    one.put("a")
    assert list(one.news()) == ["a"]
