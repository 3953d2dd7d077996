from __future__ import annotations

from dataclasses import replace

import pytest

from sipedge.network.admission import Admission, source_of
from sipedge.settings import Limits

LIMITS = replace(Limits(), connections=4, connections_per_source=2)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("2001:db8:0:1::4", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
def test_a_source_is_an_ipv4_address_or_an_ipv6_site(address: str, source: str) -> None:
    assert source_of(address) == source


def test_each_source_and_all_together_are_bounded() -> None:
    admission = Admission()
    answers = [admission.enter(source, LIMITS) for source in ("a", "a", "a", "b", "c")]
    assert answers == ["", "", "too many connections from a", "", "too many connections in all"]


def test_who_left_counts_no_more() -> None:
    admission = Admission()
    for source in ("a", "a", "a"):
        admission.enter(source, LIMITS)
    admission.leave("a")
    admission.leave("a")
    assert admission.enter("a", LIMITS) == ""
    for _ in range(2):
        admission.leave("a")
    assert (admission.accepted, admission.sources) == (0, 0)
