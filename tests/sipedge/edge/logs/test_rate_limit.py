from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from sipedge.edge.logs.rate_limit import RateLimit
from zones.addresses import host_port


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Odd(str):
    """An address that cannot be looked into."""

    def __contains__(self, part: object) -> bool:
        raise KeyError(part)


def _record(line: int = 1, source: str = "", level: int = logging.WARNING, text: str = "odd %s") -> logging.LogRecord:
    record = logging.LogRecord("sipedge.test", level, "test.py", line, text, ("message",), None)
    if source:
        vars(record)["source"] = source
    return record


def _raised(work: Callable[[], object], line: int = 1) -> logging.LogRecord:
    record = _record(line, level=logging.ERROR)
    try:
        work()
    except Exception:
        record.exc_info = sys.exc_info()
    return record


def _passed(limit: RateLimit, records: list[logging.LogRecord]) -> int:
    return sum(bool(limit.filter(record)) for record in records)


def test_the_first_pass_in_full_and_the_rest_is_counted() -> None:
    clock = Clock()
    limit = RateLimit(burst=2, clock=clock)
    assert [limit.filter(_record()) for _ in range(5)] == [True, True, False, False, False]
    clock.now = 61.0
    record = _record(text="odd %s: 100%%")
    assert limit.filter(record)
    assert record.getMessage() == "odd message: 100% (3 more like this were not logged)"


def test_while_the_cause_lasts_one_line_passes_in_a_period() -> None:
    clock = Clock()
    limit = RateLimit(burst=20, clock=clock)
    passed = []
    for minute in range(5):
        clock.now = 60.0 * minute
        passed.append(_passed(limit, [_record() for _ in range(100)]))
    assert passed == [20, 1, 1, 1, 1]


def test_the_burst_comes_back_when_the_cause_has_gone() -> None:
    clock = Clock()
    limit = RateLimit(burst=2, clock=clock)
    assert _passed(limit, [_record() for _ in range(5)]) == 2
    clock.now = 120.0
    record = _record()
    assert limit.filter(record)
    assert record.getMessage() == "odd message (3 more like this were not logged)"
    assert _passed(limit, [_record() for _ in range(5)]) == 1


def test_a_lasting_exception_does_not_fill_the_log_nor_hide_another() -> None:
    limit = RateLimit(burst=3, clock=Clock())
    assert _passed(limit, [_raised(lambda: host_port(None, 1)) for _ in range(100)]) == 3  # type: ignore[arg-type]
    assert limit.filter(_raised(lambda: 1 / 0)), "another place"
    assert limit.filter(_raised(lambda: host_port(Odd(), 1))), "another exception of the same place"


def test_an_exception_counts_for_the_innermost_frame_of_ours() -> None:
    """Whichever way led there, and wherever it is caught."""
    limit = RateLimit(burst=1, clock=Clock())
    assert limit.filter(_raised(lambda: host_port(None, 1), line=1))  # type: ignore[arg-type]
    assert not limit.filter(_raised(lambda: [host_port(None, 2)], line=2))  # type: ignore[arg-type]


def test_a_flood_of_warnings_hides_no_error_of_the_same_place() -> None:
    limit = RateLimit(burst=1, clock=Clock())
    assert _passed(limit, [_record() for _ in range(9)]) == 1
    assert limit.filter(_record(level=logging.ERROR))


def test_sources_without_end_share_a_count_for_each_place() -> None:
    clock = Clock()
    limit = RateLimit(burst=1, kinds=10, clock=clock)
    assert _passed(limit, [_record(source=str(number)) for number in range(1000)]) == 11
    assert limit.filter(_record(line=2, source="a")), "another place still has its own"
    clock.now = 61.0
    assert _passed(limit, [_record(source=f"late {number}") for number in range(5)]) == 5


KINDS = st.tuples(st.integers(1, 3), st.sampled_from(["192.0.2.1", "192.0.2.2", ""]), st.sampled_from([30, 40]))


@given(st.lists(KINDS, max_size=200))
def test_what_passes_of_a_kind_does_not_depend_on_other_kinds(kinds: list[tuple[int, str, int]]) -> None:
    together = RateLimit(burst=3, clock=Clock())
    alone = {kind: RateLimit(burst=3, clock=Clock()) for kind in set(kinds)}
    for kind in kinds:
        assert together.filter(_record(*kind)) == alone[kind].filter(_record(*kind))


@given(st.lists(st.floats(0, 100), max_size=100))
def test_every_line_passes_or_is_counted_by_a_later_one(pauses: list[float]) -> None:
    clock = Clock()
    limit = RateLimit(burst=2, clock=clock)
    told = passed = 0
    for pause in [*pauses, 120.0]:
        clock.now += pause
        record = _record(text="%s")
        if limit.filter(record):
            passed += 1
            told += int(record.getMessage().partition("(")[2].partition(" ")[0] or 0)
    assert passed + told == len(pauses) + 1
