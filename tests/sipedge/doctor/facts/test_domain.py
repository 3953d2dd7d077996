from __future__ import annotations

from sipedge.doctor.facts.domain import choose
from zones.dns import SrvRecord


def test_lowest_priority_then_highest_weight() -> None:
    records = [SrvRecord(10, 90, 5061, "c"), SrvRecord(5, 1, 5061, "b"), SrvRecord(5, 50, 5061, "a")]
    assert choose(records) == SrvRecord(5, 50, 5061, "a")


def test_no_service_is_no_choice() -> None:
    assert choose([]) is None
    assert choose([SrvRecord(0, 0, 0, ".")]) is None
