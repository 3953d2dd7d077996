"""The supervisor takes connections and hands each to the worker that has fewest."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from sipedge.supervisor import orders
from sipedge.supervisor.acceptor import Acceptor
from sipedge.supervisor.child import Child
from sipedge.supervisor.link import Kept
from sipedge.supervisor.orders import Shared

PLACE = ("127.0.0.1", 5060, "tcp")


class World:
    """A listening socket and children without processes."""

    def __init__(self, workers: int) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.setblocking(False)
        self.children = [Child(worker, Shared(b"", *[-1] * 8)) for worker in range(workers)]
        self.ends: list[socket.socket] = []
        self.callers: list[socket.socket] = []
        for child in self.children:
            child.orders, theirs = orders.make_orders()
            child.serving = True
            self.ends.append(theirs)
        self.acceptor = Acceptor()

    def call(self, *, limit: int = 10, for_first: bool = False) -> None:
        self.callers.append(socket.create_connection(self.listening.getsockname()[:2]))
        first = (PLACE,) if for_first else ()
        kept = Kept(1.0, b"", {PLACE: self.listening}, None, len(self.children), 100, limit, first)
        self.acceptor.take(kept, [self.listening], self.children)

    def given(self, worker: int) -> list[str]:
        """Why each connection that a worker was given has to be refused; they are closed."""
        reasons = []
        while (order := orders.receive(self.ends[worker])) is not None:
            assert isinstance(order, orders.Accepted) and order.place == PLACE and order.source == "127.0.0.1"
            order.taken.close()
            reasons.append(order.too_many)
        return reasons

    def close(self) -> None:
        for each in (self.listening, *self.ends, *self.callers):
            each.close()
        for child in self.children:
            child.close()


@pytest.fixture
def world() -> Iterator[World]:
    made = World(2)
    yield made
    made.close()


def test_each_goes_to_the_worker_that_has_fewest(world: World) -> None:
    for _ in range(4):
        world.call()
    assert world.given(0) == world.given(1) == ["", ""]
    world.acceptor.gone(world.children[1], "127.0.0.1")
    world.call()
    assert world.given(0) == [] and world.given(1) == [""]


def test_one_too_many_is_handed_over_with_the_reason_and_one_that_is_gone_makes_room(world: World) -> None:
    world.call(limit=1)
    world.call(limit=1)
    assert world.given(0) == [""] and world.given(1) == ["too many connections from 127.0.0.1"]
    world.acceptor.gone(world.children[0], "127.0.0.1")
    world.acceptor.gone(world.children[1], "127.0.0.1")
    world.call(limit=1)
    assert world.given(0) == [""]


def test_connections_of_a_worker_that_has_ended_count_no_more(world: World) -> None:
    world.call(limit=1)
    world.acceptor.ended(world.children[0])
    world.call(limit=1)
    assert world.given(0) == ["", ""]


def test_some_places_are_the_first_workers_alone(world: World) -> None:
    for _ in range(3):
        world.call(for_first=True)
    assert world.given(0) == ["", "", ""] and world.given(1) == []


def test_a_worker_that_does_not_serve_yet_or_is_gone_gets_none(world: World) -> None:
    world.children[0].serving = False
    world.call()
    assert world.given(0) == [] and world.given(1) == [""]
    world.children[0].serving = True
    world.ends[0].close()
    world.call()
    assert world.given(1) == [""]


def test_where_no_worker_takes_it_a_connection_is_closed(world: World) -> None:
    for child in world.children:
        child.serving = False
    world.call()
    assert world.callers[0].recv(1) == b""
    assert not world.children[0].held.total()
