from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.doctor_certificates import CA_ISSUERS, OCSP, Issued, make

from sipedge.certificates.chain import (
    Chain,
    ChainError,
    ends,
    in_words,
    issuer_locations,
    key_of,
    name_of,
    out_of_date,
    read_chain,
    responders,
    signature_of,
)

ROOT = make(None, "Root", ca=True)
UPPER = make(ROOT, "Upper", ca=True, days=30)
LOWER = make(UPPER, "Lower", ca=True)
LEAF = make(LOWER, "leaf", names=["sip.example.com"])


def chain(*issued: Issued) -> Chain:
    return read_chain(tuple(one.certificate.public_bytes(Encoding.DER) for one in issued))


def test_path_follows_the_issuers_in_whatever_order_they_came() -> None:
    assert chain(LEAF, LOWER, UPPER).ordered
    mixed = chain(LEAF, ROOT, UPPER, LOWER)
    assert not mixed.ordered
    assert [name_of(one) for one in mixed.path] == ["'CN=leaf'", "'CN=Lower'", "'CN=Upper'", "'CN=Root'"]
    assert chain(LEAF, UPPER).path == chain(LEAF).path


def test_certificates_that_name_each_other_end_the_path() -> None:
    """Two CAs, each issued by the other's name."""
    first = make(make(None, "Second", ca=True), "First", ca=True)
    second = make(make(None, "First", ca=True), "Second", ca=True)
    assert len(chain(first, second).path) == 2


def test_first_end_counts() -> None:
    now = datetime.now(UTC)
    found = chain(LEAF, LOWER, UPPER)
    assert (ends(found) - now).days == 29
    assert out_of_date(found, now) == ""
    assert "Upper" in out_of_date(found, now + timedelta(days=31))
    assert "is not valid before" in out_of_date(found, now - timedelta(days=5))


@pytest.mark.parametrize(
    ("kind", "words", "good"),
    [
        ("ec", "EC secp256r1", True),
        ("rsa", "RSA 2048", True),
        ("rsa-1024", "RSA 1024", False),
        ("secp256k1", "EC secp256k1", False),
        ("ed25519", "Ed25519", False),
    ],
)
def test_keys(kind: str, words: str, good: bool) -> None:
    assert key_of(make(None, "x", key=kind).certificate) == (words, good)


def test_signatures() -> None:
    assert signature_of(LEAF.certificate) == ("sha256", True)
    assert signature_of(make(None, "x", key="rsa", pss=True).certificate) == ("RSASSA-PSS with sha256", False)
    assert signature_of(make(None, "x", key="ed25519").certificate)[1] is False


def test_where_issuer_and_status_can_be_had() -> None:
    made = make(ROOT, "x", access=[(CA_ISSUERS, "http://ca.example/x.crt"), (OCSP, "http://ocsp.example")])
    assert issuer_locations(made.certificate) == ["http://ca.example/x.crt"]
    assert responders(made.certificate) == ["http://ocsp.example"]
    assert responders(LEAF.certificate) == []


def test_nonsense() -> None:
    with pytest.raises(ChainError, match="cannot be read"):
        read_chain((b"nonsense",))
    assert in_words((b"nonsense",)) == "one that cannot be read"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ((LEAF,), "'CN=leaf' (sip.example.com), issued by 'CN=Lower', whose certificate was not sent"),
        (
            (LEAF, LOWER),
            "'CN=leaf' (sip.example.com), issued by 'CN=Lower'; "
            "the chain ends at 'CN=Lower', whose issuer 'CN=Upper' was not sent",
        ),
        ((LEAF, LOWER, UPPER, ROOT), "'CN=leaf' (sip.example.com), issued by 'CN=Lower'"),
        ((ROOT,), "'CN=Root' (root), issued by 'CN=Root'"),
    ],
)
def test_a_chain_in_words(sent: tuple[Issued, ...], words: str) -> None:
    assert in_words(tuple(one.certificate.public_bytes(Encoding.DER) for one in sent)) == words
