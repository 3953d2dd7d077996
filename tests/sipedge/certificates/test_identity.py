"""Names of certificates made for the purpose, honest and hostile."""

from __future__ import annotations

import pytest
from support.certificates import Ca, issue

from sipedge.certificates.identity import IdentityError, certificate_names
from zones.key_usage import CLIENT_AUTH, SERVER_AUTH


def test_subject_alternative_names(ca: Ca) -> None:
    leaf = issue(
        ca,
        names=["Edge.Example.com", "*.example.com"],
        ips=["192.0.2.1", "2001:db8::1"],
        uris=["sip:example.com", "sips:example.org", "sip:alice@example.net", "https://example.info"],
        cn="other.example.com",
    )
    found = certificate_names(leaf.der)
    names = "edge.example.com *.example.com example.com example.org 192.0.2.1 2001:db8::1"
    assert found.names == tuple(names.split())
    assert found.common_name == "other.example.com"
    assert len(found.fingerprint) == 64


def test_common_name_counts_only_without_san(ca: Ca) -> None:
    assert certificate_names(issue(ca, cn="CN.example.com").der).names == ("cn.example.com",)
    assert certificate_names(issue(ca, cn="cn.example.com", ips=["192.0.2.1"]).der).names == ("192.0.2.1",)
    assert certificate_names(issue(ca, cn="cn.example.com", uris=["sip:a@b.example"]).der).names == ()


@pytest.mark.parametrize("name", ["a.example.com\0.evil.example", "a b", "a\tb", "a\x7f", "", "x" * 254])
def test_unprintable_names_are_dropped(ca: Ca, name: str) -> None:
    found = certificate_names(issue(ca, names=[name, "good.example.com"], cn="cn").der)
    assert found.names == ("good.example.com",)
    assert certificate_names(issue(ca, names=[name], cn="cn.example.com").der).names == ()


def test_common_name_with_nul(ca: Ca) -> None:
    assert certificate_names(issue(ca, cn="bank.example\0.evil.example").der).names == ()


def test_key_usages(ca: Ca) -> None:
    assert certificate_names(issue(ca, cn="a", eku=None).der).key_usages is None
    assert certificate_names(issue(ca, cn="a", eku=["server"]).der).key_usages == {SERVER_AUTH}
    assert certificate_names(issue(ca, cn="a").der).key_usages == {SERVER_AUTH, CLIENT_AUTH}


@pytest.mark.parametrize("der", [b"", b"\0", b"\x30\x03\x02\x01\x00", b"x" * 1000])
def test_what_cannot_be_read(der: bytes) -> None:
    with pytest.raises(IdentityError, match="cannot be read"):
        certificate_names(der)


def test_names_that_are_no_ascii(ca: Ca) -> None:
    """An IA5String with other bytes: no name at all, rather than one that somebody reads differently."""
    der = issue(ca, names=["exampleXcom", "good.example.com"]).der.replace(b"exampleXcom", b"example\xffcom")
    with pytest.raises(IdentityError):
        certificate_names(der)
