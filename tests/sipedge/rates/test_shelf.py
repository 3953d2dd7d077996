"""A rate that several processes share is one rate."""

from __future__ import annotations

from sipedge.rates.arrivals import Arrivals
from sipedge.rates.buckets import Buckets
from sipedge.rates.pace import Pace
from zones.zone import RatePolicy


class Numbers(dict[int, float]):
    """A shelf without bounds."""

    def get(self, key: int, default: float = 0.0) -> float:  # type: ignore[override]
        return super().get(key, default)

    def put(self, key: int, number: float) -> None:
        self[key] = number


def test_two_buckets_of_one_name_are_one_and_of_another_name_another() -> None:
    shelf = Numbers()
    one, two, other = (Buckets(shelf=shelf, name=name) for name in ("peers", "peers", "acks"))
    taken = [bucket.take("key", 2.0, 2.0, 10.0) == 0.0 for bucket in (one, two, one, two, one, other)]
    assert taken == [True, True, True, True, False, True]
    assert one.take("key", 2.0, 2.0, 10.5) == 0.0
    assert two.take("key", 2.0, 2.0, 10.5) > 0.0


def test_each_of_two_workers_takes_its_part_of_a_zones_rate() -> None:
    policy = RatePolicy(messages_per_second=10.0, burst=1.0)
    workers = [Arrivals(policy, "far", Numbers(), 2) for _ in range(2)]
    passed = sum(arrivals.request(f"peer {n}", 5.0) is None for n in range(20) for arrivals in workers)
    assert passed == 10
    refusal = next(filter(None, (workers[0].request("peer", 5.0) for _ in range(9))))
    assert "more than 10 requests a second" in refusal.text


def test_two_queues_to_one_partner_keep_one_pace() -> None:
    shelf = Numbers()
    one, two = Pace[int](shelf), Pace[int](shelf)
    left = [0.0 for number in range(10) for pace in (one, two) if pace.enter("p", 10.0, 60.0, "", number, 0.0) == 0.0]
    now = 0.0
    while len(one) or len(two):
        now += 0.001
        left += [now for pace in (one, two) for _ in pace.due(now)]
    assert len(left) == 20
    assert all(later - earlier >= 0.1 - 0.011 for earlier, later in zip(left, left[1:], strict=False))
    assert left[-1] <= 1.95
