from __future__ import annotations

from sipedge.network.log_limit import SOURCES, LogLimit


def test_so_many_lines_for_each_source() -> None:
    limit = LogLimit(lines=2, period=10)
    assert [limit.admit("a", now) for now in (0, 1, 2, 3)] == ["", "", None, None]
    assert limit.admit("b", 3) == ""


def test_the_next_period_says_what_was_left_out() -> None:
    limit = LogLimit(lines=1, period=10)
    assert [limit.admit("a", now) for now in (0, 1, 2)] == ["", None, None]
    assert limit.admit("a", 10) == " (2 more like this were not logged)"
    assert limit.admit("a", 20) == ""


def test_sources_are_bounded() -> None:
    limit = LogLimit(lines=1, period=10)
    for number in range(SOURCES):
        assert limit.admit(str(number), 0) == ""
    assert [limit.admit(f"late {number}", 1) for number in range(3)] == ["", None, None]
    assert limit.admit("much later", 20) == ""
