from __future__ import annotations

from hypothesis import strategies as st
from support.properties import holds_for

from dialplan.analysis.languages.addresses import addresses
from dialplan.analysis.languages.alphabet import ASCII
from dialplan.search.search import is_address

PIECES = ["1", "255", "256", "01", ":", "::", "1.2.3.4", "[", "]", ";", "@", "ffff", "%eth0", ":5060", ";lr", "."]


@holds_for(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), quick=30, many=500)
def test_as_the_engine_takes_them(alias: str) -> None:
    assert (alias in addresses(ASCII)) == is_address(alias)


def test_every_length_of_ipv6() -> None:
    for left in range(10):
        for right in range(10):
            for tail in ("", "1.2.3.4"):
                alias = ":".join(["1"] * left) + "::" + ":".join([*["a"] * right, *([tail] if tail else [])])
                assert (alias in addresses(ASCII)) == is_address(alias), alias
