"""A rate that several processes share is one rate."""

from __future__ import annotations

from sipedge.rates.arrivals import Arrivals
from sipedge.rates.buckets import Buckets
from sipedge.rates.pace import Pace
from sipedge.rates.pauses import Pauses
from sipedge.rates.shares import Shares
from zones.zone import RatePolicy


class Numbers:
    """What one of two processes sees of a shelf without bounds."""

    workers = 2

    def __init__(self, worker: int = 0, of: Numbers | None = None) -> None:
        self.worker = worker
        self._numbers: dict[int, float] = of._numbers if of else {}

    def get(self, key: int) -> float:
        return self._numbers.get(key, 0.0)

    def put(self, key: int, number: float) -> None:
        self._numbers[key] = number


def two_views() -> tuple[Numbers, Numbers]:
    one = Numbers()
    return one, Numbers(1, one)


def test_two_buckets_of_one_name_are_one_and_of_another_name_another() -> None:
    shelf = Numbers()
    one, two, other = (Buckets(shelf=shelf, name=name) for name in ("peers", "peers", "acks"))
    taken = [bucket.take("key", 2.0, 2.0, 10.0) == 0.0 for bucket in (one, two, one, two, one, other)]
    assert taken == [True, True, True, True, False, True]
    assert one.take("key", 2.0, 2.0, 10.5) == 0.0
    assert two.take("key", 2.0, 2.0, 10.5) > 0.0


def test_a_zones_rate_is_one_wherever_its_peers_come() -> None:
    """One connection at one worker gets all of it, and so do twenty at two together."""
    policy = RatePolicy(messages_per_second=10.0, burst=1.0)
    for workers in (two_views()[:1], two_views()):
        zones = [Arrivals(policy, "far", shelf) for shelf in workers]
        passed = sum(arrivals.request(f"peer {n}", 5.0) is None for n in range(20) for arrivals in zones)
        assert passed == 10
        refusal = zones[0].request("peer", 5.0)
        assert refusal is not None and "more than 10 requests a second" in refusal.text


def test_a_flood_at_one_worker_takes_nothing_that_a_peer_of_another_is_due() -> None:
    rate, burst, step = 100.0, 5.0, 0.01
    flooded, quiet = (Shares(shelf=shelf, name="far") for shelf in two_views())
    due, refused, passed = 0.0, 0, 0
    for tick in range(3000):
        now = tick * step
        passed += sum(flooded.take("flooder", rate, burst, now) == 0.0 for _ in range(30))
        while due <= now:
            due += 1 / (0.9 * rate / 3)  # two of them, and one that may come
            refused += quiet.take("quiet", rate, burst, now) != 0.0
    assert refused == 0
    assert passed <= rate * (30 + burst)


def test_who_guesses_at_both_workers_pauses_at_both() -> None:
    one, two = (Pauses(shelf=shelf) for shelf in two_views())
    assert [one.failed("who", 10.0), two.failed("who", 11.0), one.failed("who", 13.0)] == [1.0, 2.0, 4.0]
    assert two.left("who", 13.0) == 4.0 and two.left("other", 13.0) == 0.0
    two.succeeded("who")
    assert one.left("who", 13.0) == 0.0 and one.failed("who", 13.0) == 1.0


def test_after_a_load_no_pause_is_left() -> None:
    """Each worker forgets those that it knows of."""
    one, two = (Pauses(shelf=shelf) for shelf in two_views())
    one.failed("who", 10.0)
    two.failed("other", 10.0)
    one.forget()
    two.forget()
    assert [pauses.left(who, 10.0) for pauses in (one, two) for who in ("who", "other")] == [0.0] * 4


def test_two_queues_to_one_partner_keep_one_pace() -> None:
    one, two = (Pace[int](shelf) for shelf in two_views())
    left = [0.0 for number in range(10) for pace in (one, two) if pace.enter("p", 10.0, 60.0, "", number, 0.0) == 0.0]
    now = 0.0
    while len(one) or len(two):
        now += 0.001
        left += [now for pace in (one, two) for _ in pace.due(now)]
    assert len(left) == 20
    assert all(later - earlier >= 0.1 - 0.011 for earlier, later in zip(left, left[1:], strict=False))
    assert left[-1] <= 1.95
