from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zones.addresses import canonical_address, host_port, may_connect, same_scope


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("192.0.2.01", ""),
        ("192.0.2", ""),
        ("0x7f.1", ""),
        ("192.0.2.1\0", ""),
        ("192.0.2.1 ", ""),
        ("\uff11.2.3.4", ""),
        ("example.com", ""),
        ("", ""),
        ("[", ""),
        ("[]", ""),
        ("1" * 500, ""),
    ],
)
def test_one_spelling(text: str, canonical: str) -> None:
    assert canonical_address(text) == canonical


@given(st.ip_addresses())
@settings(deadline=None, max_examples=100)
def test_the_canonical_spelling_is_its_own(address: object) -> None:
    once = canonical_address(str(address))
    assert once and canonical_address(once) == once


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"]
)
def test_this_host_and_this_link_only_where_allowed(address: str) -> None:
    assert not may_connect(address, allow_loopback=False)
    assert may_connect(address, allow_loopback=True)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255", "nonsense", ""],
)
def test_never(address: str) -> None:
    assert not may_connect(address, allow_loopback=True)


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1"])
def test_all_others_always(address: str) -> None:
    assert may_connect(address, allow_loopback=False)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("127.0.0.2", "127.1.2.3", True),
        ("127.0.0.2", "192.0.2.1", False),
        ("192.0.2.7", "198.51.100.1", True),
        ("192.0.2.7", "2001:db8::1", False),
        ("::1", "::1", True),
        ("sip.example.com", "192.0.2.1", False),
    ],
)
def test_packets_go_between_addresses_of_one_scope(one: str, other: str, same: bool) -> None:
    assert same_scope(one, other) is same


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [
        ("192.0.2.1", 5061, "192.0.2.1:5061"),
        ("2001:db8::1", 5061, "[2001:db8::1]:5061"),
        ("fe80::1%eth0", 0, "[fe80::1%eth0]:0"),
        ("edge.example.com", 5061, "edge.example.com:5061"),
        ("edge.example.com", None, "edge.example.com"),
        ("2001:db8::1", None, "[2001:db8::1]"),
    ],
)
def test_an_ipv6_address_stands_in_brackets(host: str, port: int | None, text: str) -> None:
    assert host_port(host, port) == text
