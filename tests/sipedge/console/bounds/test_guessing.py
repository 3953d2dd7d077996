"""Who guesses waits longer each time, from whichever of his addresses he asks."""

from __future__ import annotations

import pytest

from sipedge.console.bounds.guessing import Guessing
from sipedge.console.bounds.sources import source


@pytest.mark.parametrize(
    ("first", "then", "waits"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_an_ipv6_site_waits_as_one(first: str, then: str, waits: bool) -> None:
    guessing = Guessing()
    for name in ("ann", "bob", "carol", "dave", "eve"):
        guessing.failed((first, name))
    assert (guessing.left((then, "frank")) > 0) is waits
    assert (source(first) == source(then)) is waits


def test_what_is_no_address_counts_for_itself() -> None:
    assert source("") == "" and source("testclient") == "testclient"


def test_a_site_has_no_more_lines_in_the_audit_log_than_an_address() -> None:
    guessing = Guessing()
    said = [guessing.is_audited(f"2001:db8::{number:x}") for number in range(200)]
    assert 30 <= sum(said) <= 31  # a minute of one in two seconds
