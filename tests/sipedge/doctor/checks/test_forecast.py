from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.doctor.checks.forecast import SUNSETS, clientauth_lost, forecast


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_certificate_that_outlives_both_dates_loses_it_when_it_ends() -> None:
    assert forecast(day("2026-05-01"), day("2027-05-20")) == (day("2027-05-20"), day("2027-05-20"))


def test_short_lived_certificate_is_renewed_until_the_sunset() -> None:
    earlier, later = forecast(day("2026-03-01"), day("2026-05-30"))
    assert earlier == day("2026-08-28") and later == day("2027-05-25")


def test_issued_after_the_sunset_with_clientauth() -> None:
    assert clientauth_lost(day("2027-06-01"), day("2027-08-01"), SUNSETS[1]) == day("2027-08-01")


@examples(60)
@given(st.integers(-2000, 2000), st.integers(-5, 900))
def test_loss_is_a_renewal_on_or_after_the_sunset(start: int, lifetime: int) -> None:
    begin = day("2026-01-01") + timedelta(days=start)
    end = begin + timedelta(days=lifetime)
    for sunset in SUNSETS:
        lost = clientauth_lost(begin, end, sunset)
        assert lost >= end
        assert lost >= sunset or lifetime <= 1
        step = timedelta(days=max(lifetime, 1))
        assert (lost - end) % step == timedelta(0)
        assert lost == end or lost - step < sunset
