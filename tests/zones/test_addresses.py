from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from zones.addresses import (
    ANYWHERE,
    PUBLIC,
    Allowed,
    canonical_address,
    forbidden,
    forbidden_port,
    host_port,
    same_scope,
    source_of,
)


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
@examples(100)
def test_the_canonical_spelling_is_its_own(address: object) -> None:
    once = canonical_address(str(address))
    assert once and canonical_address(once) == once


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.9",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "fe80::1",
        "64:ff9b::7f00:1",
        "::7f00:1",
    ],
)
def test_this_host_and_this_link_only_where_allowed(address: str) -> None:
    assert "allow_loopback" in forbidden(address, Allowed(private=True))
    assert forbidden(address, Allowed(loopback=True)) == ""


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "198.18.0.1",
        "192.0.0.8",
        "240.0.0.1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "64:ff9b:1::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::c0a8:101",
        "2002:a00:1::1",
        "2002:c0a8:101::",
        "::10.0.0.1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)
def test_private_networks_only_where_allowed(address: str) -> None:
    assert "allow_private" in forbidden(address, Allowed(loopback=True))
    assert forbidden(address, Allowed(private=True)) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255", "nonsense", ""),
        *("64:ff9b::e000:1", "2002:e000:1::1"),
    ],
)
def test_never(address: str) -> None:
    assert forbidden(address, ANYWHERE)


@pytest.mark.parametrize(
    "address",
    [
        *("192.0.2.1", "198.51.100.7", "11.0.0.1", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
        *("2001:db8::1", "2a00::1", "64:ff9b::c633:6407", "2002:c633:6407::1"),
    ],
)
def test_all_others_always(address: str) -> None:
    assert forbidden(address, PUBLIC) == ""


@pytest.mark.parametrize(("port", "good"), [(443, True), (1024, True), (5061, True), (65535, True), (25, False)])
def test_ports_of_other_services_are_not_for_strangers(port: int, good: bool) -> None:
    assert (forbidden_port(port, Allowed(loopback=True, private=True)) == "") == good
    assert forbidden_port(port, ANYWHERE) == ""


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port(port: int) -> None:
    assert forbidden_port(port, ANYWHERE) == "no port"


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
