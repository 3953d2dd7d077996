from __future__ import annotations

from zones.rotation import Rotation
from zones.zone import Hop

A, B, C, D = (Hop("Z", address=f"192.0.2.{i}", port=5061) for i in range(4))


def test_nothing_gives_nothing() -> None:
    assert Rotation().next() == ()
    rotation = Rotation()
    rotation.set_hops([])
    assert rotation.next() == ()


def test_each_gets_its_turn_and_the_last_stay_last() -> None:
    rotation = Rotation()
    rotation.set_hops([A, B, C], [D])
    assert [rotation.next() for _ in range(4)] == [(A, B, C, D), (B, C, A, D), (C, A, B, D), (A, B, C, D)]


def test_when_all_are_last_they_are_still_there() -> None:
    rotation = Rotation()
    rotation.set_hops([], [C, D])
    assert rotation.next() == (C, D) == rotation.next()


def test_turns_go_on_when_there_are_fewer() -> None:
    rotation = Rotation()
    rotation.set_hops([A, B, C])
    for _ in range(3):
        rotation.next()
    rotation.set_hops([A])
    assert rotation.next() == (A,)
    rotation.set_orders([])
    assert rotation.next() == ()
