from __future__ import annotations

import pytest

from sipedge.rates.arrivals import Arrivals
from sipedge.rates.rates import Rates
from zones.zone import UNLIMITED, NeighborZone, RatePolicy

ZONE = NeighborZone(name="Far", rate=RatePolicy(per_peer=1.0, burst=2.0))


def reasons(arrivals: Arrivals, *sources: str) -> list[str]:
    answers = [arrivals.request(source, 0.0) for source in sources]
    return ["" if answer is None else answer.reason for answer in answers]


def test_a_peer_is_bounded_before_its_zone_is() -> None:
    arrivals = Arrivals(RatePolicy(messages_per_second=4.0, per_peer=2.0, burst=1.0))
    assert reasons(arrivals, *"aaaabbb") == ["", "", "peer rate", "peer rate", "", "zone rate", "peer rate"]
    assert reasons(arrivals, *"cd") == ["", "zone rate"]


def test_a_refusal_says_when_to_come_again() -> None:
    arrivals = Arrivals(RatePolicy(per_peer=0.5, burst=1.0))
    arrivals.request("a", 0.0)
    refused = arrivals.request("a", 0.5)
    assert refused is not None and refused.pause == 1.5
    assert refused.text == "more than 0.5 requests a second from one peer"
    assert arrivals.request("a", 2.0) is None


def test_every_invite_that_passed_may_have_its_ack_though_all_come_at_once() -> None:
    arrivals = Arrivals(RatePolicy(per_peer=10.0, burst=1.0))
    passed = sum(arrivals.request("a", tick / 100) is None for tick in range(18_000))
    assert passed > 1800
    assert all(arrivals.ack("a", 180.0) is None for _ in range(passed))


def test_acks_without_invites_are_bounded() -> None:
    arrivals = Arrivals(RatePolicy(messages_per_second=1.0, burst=1.0))
    assert sum(arrivals.ack("a", 0.0) is None for _ in range(1000)) < 200


@pytest.mark.parametrize("field", ["messages_per_second", "per_peer", "per_domain", "subscribe_targets"])
def test_each_bound_alone_is_wanted(field: str) -> None:
    assert Arrivals.wanted(RatePolicy(**{field: 1}))
    assert not Arrivals.wanted(UNLIMITED)
    assert not Arrivals.wanted(RatePolicy(pace=20.0))


def test_a_reload_gives_no_rate_anew() -> None:
    rates = Rates()
    rates.configure([ZONE])
    assert reasons(rates.zones["Far"], "a", "a", "a") == ["", "", "peer rate"]
    rates.configure([NeighborZone(name="Far", rate=ZONE.rate, hop_count=9), NeighborZone(name="Free")])
    assert reasons(rates.zones["Far"], "a") == ["peer rate"]
    assert "Free" not in rates.zones


def test_other_rates_begin_anew() -> None:
    rates = Rates()
    rates.configure([ZONE])
    reasons(rates.zones["Far"], "a", "a", "a")
    rates.configure([NeighborZone(name="Far", rate=RatePolicy(per_peer=2.0))])
    assert reasons(rates.zones["Far"], "a") == [""]


def test_each_source_is_told_of_once_a_minute() -> None:
    rates = Rates()
    assert [rates.is_news("Far", "peer rate", "a", now) for now in (0.0, 1.0, 59.0, 61.0)] == [True, False, False, True]
    assert rates.is_news("Far", "peer rate", "b", 1.0)
