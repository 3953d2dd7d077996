from __future__ import annotations

import pytest

from sipedge.network.look_ups import pauses
from sipedge.network.look_ups.pauses import LONGEST_PAUSE, Pauses

SRV, NAPTR, A = ("_sips._tcp.example.com", "SRV"), ("example.com", "NAPTR"), ("example.com", "A")


def test_pauses_double_up_to_a_minute() -> None:
    known, now, lengths = Pauses(), 100.0, []
    for _ in range(7):
        known.failed(SRV, "timeout", now)
        length = next(second for second in range(100) if not known.error(SRV, now + second))
        lengths.append(length)
        now += length
    assert lengths == [2, 4, 8, 16, 32, 60, 60]
    known.answered(A)
    assert known.error(SRV, now) == "" and len(known) == 0


def test_failures_of_the_same_moment_count_once() -> None:
    known = Pauses()
    for _ in range(8):
        known.failed(SRV, "timeout", 0.0)
    assert known.error(SRV, 2.0) == ""


def test_failures_long_ago_do_not_count() -> None:
    known = Pauses()
    for now in (0.0, 2.0, 6.0):
        known.failed(SRV, "timeout", now)
    known.failed(SRV, "timeout", 14.0 + LONGEST_PAUSE)
    assert known.error(SRV, 16.0 + LONGEST_PAUSE) == ""


def test_a_time_out_counts_for_the_host_and_for_nobody_else() -> None:
    known = Pauses()
    known.failed(SRV, "timeout", 0.0)
    assert known.error(NAPTR, 1.0) == known.error(A, 1.0) == "timeout"
    assert known.error(("sip.example.com", "A"), 1.0) == ""


@pytest.mark.parametrize(
    ("key", "error"), [(NAPTR, "timeout"), (("example.com", "AAAA"), "timeout"), (SRV, "servfail")]
)
def test_a_failure_that_may_be_of_one_kind_counts_for_the_question(key: pauses.Key, error: pauses.DnsError) -> None:
    known = Pauses()
    known.failed(key, error, 0.0)
    assert known.error(key, 1.0) == error
    assert known.error(A, 1.0) == ""


@pytest.mark.parametrize("name", ["_ldap._msdcs.example.com", "_tcp.example.com", "lame.example.com"])
def test_a_lame_name_below_a_host_does_not_silence_it(name: str) -> None:
    known = Pauses()
    known.failed((name, "SRV"), "timeout", 0.0)
    assert known.error(A, 1.0) == ""


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "MOST", 3)
    known = Pauses()
    for number in range(10):
        known.failed((f"n{number}.example.com", "A"), "timeout", 0.0)
    assert len(known) == 3
