"""Names by which a certificate speaks for an XMPP domain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from sipedge.certificates.xmpp_names import SRV_NAME, XMPP_ADDR, speaks_for, xmpp_names

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _certificate(*names: x509.GeneralName) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "common.example")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, NOW, NOW + timedelta(1))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, SHA256())


def _other(kind: str, der: bytes) -> x509.OtherName:
    return x509.OtherName(x509.ObjectIdentifier(kind), der)


def test_three_kinds_of_names_count_and_the_common_name_does_not() -> None:
    names = xmpp_names(
        _certificate(
            x509.DNSName("Dns.example"),
            _other(XMPP_ADDR, b"\x0c\x0caddr.example"[:2] + b"addr.example"),
            _other(SRV_NAME, b"\x16\x18_xmpp-server.srv.example"),
            _other(SRV_NAME, b"\x16\x18_xmpp-client.srv.example"),
            x509.RFC822Name("mail@mail.example"),
        )
    )
    assert names == ("dns.example", "addr.example", "srv.example")
    assert xmpp_names(_certificate()) == ()


@pytest.mark.parametrize("der", [b"\x05\x00", b"\x0c\x01\xff", b"\x04\x03abc", b"\x0c\x00"])
def test_a_name_that_is_not_well_formed_is_no_domain(der: bytes) -> None:
    assert not speaks_for(xmpp_names(_certificate(_other(XMPP_ADDR, der))), "abc")


def test_a_wildcard_stands_for_one_label() -> None:
    assert speaks_for(("*.example.com",), "a.example.com")
    assert not speaks_for(("*.example.com",), "example.com")
    assert not speaks_for(("*.example.com",), "a.b.example.com")
