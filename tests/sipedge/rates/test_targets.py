from __future__ import annotations

from sipedge.rates.targets import HOUR, SubscribeTargets


def test_so_many_addresses_and_no_more() -> None:
    targets = SubscribeTargets()
    answers = [targets.take("peer", target, 2, 100.0) for target in ("a", "b", "a", "c", "b")]
    assert answers == [0.0, 0.0, 0.0, HOUR, 0.0]
    assert targets.take("other", "c", 2, 100.0) == 0.0


def test_after_an_hour_they_are_forgotten() -> None:
    targets = SubscribeTargets()
    targets.take("peer", "a", 1, 0.0)
    assert targets.take("peer", "b", 1, HOUR - 1.0) == 1.0
    assert targets.take("peer", "b", 1, HOUR) == 0.0
    assert len(targets) == 1


def test_a_million_addresses_take_no_more_room_than_some() -> None:
    targets = SubscribeTargets(most=1000)
    for number in range(1_000_000):
        targets.take(number // 100, str(number), 100, 0.0)
    assert len(targets) == 1000
    assert targets.take(0, "0", 1, 0.0) == 0.0, "who asked longest ago is forgotten first"


def test_what_one_process_lets_a_peer_subscribe_to_counts_in_the_other() -> None:
    told: list[tuple[object, int]] = []
    one, two = SubscribeTargets(told=lambda who, number: told.append((who, number))), SubscribeTargets()
    for target in ("a", "a", "b"):
        assert one.take("peer", target, 2, 100.0) == 0.0
    assert len(told) == 2
    for who, number in told * 2:
        two.note(who, number, 100.0)
    assert [two.take("peer", target, 2, 100.0) for target in ("a", "c")] == [0.0, HOUR]


def test_one_peer_alone_is_bounded_by_its_own_number() -> None:
    targets = SubscribeTargets(most=10)
    assert [targets.take("peer", str(number), 20, 0.0) == 0.0 for number in range(30)] == [True] * 20 + [False] * 10
