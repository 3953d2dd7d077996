from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.analysis.languages.addresses import addresses
from dialplan.analysis.languages.alphabet import ASCII
from dialplan.search.search import is_address

PIECES = ["1", "255", "256", "01", ":", "::", "1.2.3.4", "[", "]", ";", "@", "ffff", "%eth0", ":5060", ";lr", "."]


@examples(500)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_as_the_engine_takes_them(alias: str) -> None:
    assert (alias in addresses(ASCII)) == is_address(alias)


def test_every_length_of_ipv6() -> None:
    for left in range(10):
        for right in range(10):
            for tail in ("", "1.2.3.4"):
                alias = ":".join(["1"] * left) + "::" + ":".join([*["a"] * right, *([tail] if tail else [])])
                assert (alias in addresses(ASCII)) == is_address(alias), alias
