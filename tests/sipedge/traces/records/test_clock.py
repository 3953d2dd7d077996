from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.traces.records.clock import DAY, DayClock, day_of, moment, time_of_day

MIDNIGHT = 1714953600.0


@pytest.mark.parametrize(
    "text",
    [
        b"2024-05-06T",
        b"on 2024/05/06 at",
        b"05/06/2024-07",
        b"5/6/2024|7",
        b"Mon, 6 May 2024",
        b"[Mon May  6 07:08:10 2024]",
    ],
)
def test_days(text: bytes) -> None:
    assert day_of(text) == MIDNIGHT


@pytest.mark.parametrize("text", [b"", b"2024-13-45", b"12/34/5678", b"31 Foo 2024", b"12024-05-067"])
def test_no_days(text: bytes) -> None:
    assert day_of(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"2024-05-06 07:08:10,250", 25690.25),
        (b"2024-05-06T07:08:10.250Z", 25690.25),
        (b"2024-05-06T09:08:10.250+02:00", 25690.25),
        (b"2024-05-06T09:08:10.250 +0200", 25690.25),
        (b"2024-05-06T02:08:10.25-05:00", 25690.25),
        (b"05/06/2024|7:08:10.250", 25690.25),
        (b"05/06/2024-07:08:10.250.0000A1B2", 25690.25),
        (b"[Mon May  6 07:08:10 2024]", 25690.0),
        (b"2024/05/06 07:08:10.250123", 25690.250123),
    ],
)
def test_moments(text: bytes, seconds: float) -> None:
    assert moment(b"before " + text + b" behind") == pytest.approx(MIDNIGHT + seconds, abs=1e-6)


def test_a_time_alone_is_no_moment() -> None:
    assert moment(b"07:08:10.250") is None
    assert moment(b"2024-05-06") is None
    assert moment(b"2024-02-31 07:08:10") is None
    assert time_of_day(b"at 07:08:10.250") == 25690.25


def test_times_past_midnight_belong_to_the_next_day() -> None:
    clock = DayClock(MIDNIGHT)
    times = [clock.at(time) for time in (86390.0, 86389.0, 5.0, 6.0, 86000.0, 1.0)]
    assert times == [MIDNIGHT + time for time in (86390.0, 86389.0, DAY + 5, DAY + 6, DAY + 86000, 2 * DAY + 1)]
    assert DayClock().at(5.0) == 5.0


@given(st.text(alphabet="0123456789-/:.,+TZ |", max_size=40))
@examples(200)
def test_no_text_breaks_it(text: str) -> None:
    moment(text.encode())
