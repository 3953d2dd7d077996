from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.anonymise.addresses import Addresses


def nothing_stays(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("10.48.36.47", "10."),
        ("192.168.1.5", "192.168."),
        ("172.16.2.2", "172.16."),
        ("203.0.113.10", "203.0.113."),
        ("146.20.193.73", ""),
        ("192.30.1.1", ""),
        ("2001:db8::10", "2001:db8:"),
        ("fe80::1234:5678", "fe80::"),
    ],
)
def test_kind_and_length_stay(address: str, prefix: str) -> None:
    made = Addresses(b"key", nothing_stays)(address)
    assert made != address and made.startswith(prefix) and len(made) == len(address)
    assert ip_address(made).is_private == ip_address(address).is_private


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "224.0.0.1", "::1", "nonsense", "999.1.1.1", ""])
def test_some_tell_nothing(address: str) -> None:
    assert Addresses(b"key", nothing_stays)(address) == address


def test_known_ones_stay_and_are_not_made() -> None:
    addresses = Addresses(b"key", lambda address: address.startswith("203.0.113.1"))
    assert addresses("203.0.113.10") == "203.0.113.10"
    assert not addresses("203.0.113.20").startswith("203.0.113.1")


def test_one_for_one() -> None:
    addresses = Addresses(b"key", nothing_stays)
    many = [f"10.0.{number // 90}.{number % 90 + 10}" for number in range(900)]
    assert len({addresses(one) for one in many}) == 900
    assert addresses(many[0]) == addresses(many[0])


@pytest.mark.slow
@examples(200)
@given(st.ip_addresses().map(str))
def test_every_address_becomes_an_address_of_its_length(address: str) -> None:
    made = Addresses(b"key", nothing_stays)(address)
    assert len(made) == len(address) and ip_address(made).version == ip_address(address).version
