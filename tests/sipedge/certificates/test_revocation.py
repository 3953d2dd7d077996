from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st
from support.certificates import Ca, Leaf, issue, make_ca, revoke
from support.examples import examples

from sipedge.certificates.revocation import (
    CrlError,
    Findings,
    RevocationList,
    examine,
    list_locations,
    locations,
    read_list,
)

ONE, TWO = "http://ca.example/1.crl", "http://ca.example/2.crl"


@pytest.fixture
def own(tmp_path: Path) -> Ca:
    return make_ca(tmp_path)


def lists(*paths: Path) -> list[RevocationList]:
    return [read_list(path.read_bytes(), path.name) for path in paths]


def root(ca: Ca) -> bytes:
    return x509.load_pem_x509_certificate(ca.certificate.read_bytes()).public_bytes(Encoding.DER)


def found(ca: Ca, leaf: Leaf, *paths: Path, now: datetime | None = None) -> Findings:
    return examine((leaf.der, root(ca)), lists(*paths), now or datetime.now(UTC))


def place(urls: Sequence[str] = (), **what: bool) -> tuple[x509.ExtensionType, bool]:
    names = [x509.UniformResourceIdentifier(url) for url in urls] or None
    fields = {"only_contains_user_certs": False, "only_contains_ca_certs": False, "indirect_crl": False}
    fields |= {"only_contains_attribute_certs": False} | what
    return x509.IssuingDistributionPoint(names, None, only_some_reasons=None, **fields), True


def test_on_the_list_or_not(own: Ca) -> None:
    good, bad = issue(own, names=["good.example"]), issue(own, names=["bad.example"])
    path = revoke(own, 7, bad.serial)
    assert found(own, good, path) == Findings()
    assert found(own, bad, path) == Findings(revoked=f"the certificate 'CN=bad.example' is revoked by {path.name}")


def test_der_as_well_as_pem(own: Ca) -> None:
    bad = issue(own, names=["bad.example"])
    der = x509.load_pem_x509_crl(revoke(own, bad.serial).read_bytes()).public_bytes(Encoding.DER)
    assert examine((bad.der, root(own)), [read_list(der, "x")], datetime.now(UTC)).revoked


def test_without_a_list_nothing_is_known(own: Ca) -> None:
    leaf, other = issue(own, names=["a.example"]), make_ca(own.folder, "Other CA")
    text = "there is no revocation list of 'CN=Test CA': nobody knows whether 'CN=a.example' is revoked"
    assert found(own, leaf) == found(own, leaf, revoke(other, leaf.serial)) == Findings(unknown=text)


def test_a_list_that_has_expired_or_is_not_valid_yet_says_less(own: Ca) -> None:
    good, bad = issue(own, names=["good.example"]), issue(own, names=["bad.example"])
    old = revoke(own, bad.serial, days=-1)
    assert "has expired" in found(own, good, old).unknown
    assert found(own, bad, old).revoked
    assert found(own, good, revoke(own), now=datetime.now(UTC) - timedelta(days=10)).unknown
    assert found(own, good, old, revoke(own)) == Findings()


def test_a_list_that_another_key_signed_does_not_count(own: Ca) -> None:
    leaf = issue(own, names=["a.example"])
    forged = revoke(own, leaf.serial, key=ec.generate_private_key(ec.SECP256R1()))
    namesake = make_ca(own.folder)  # another CA of the same name
    assert found(own, leaf, forged, revoke(namesake, leaf.serial)).unknown.startswith("there is no revocation list")


def test_every_certificate_of_the_chain_but_the_root(own: Ca) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Middle")])
    middle = Ca(own.certificate, own.folder, key, name)
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(own.name).public_key(key.public_key())
    builder = builder.serial_number(77).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(9))
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    leaf = issue(middle, names=["a.example"])
    chain = (leaf.der, builder.sign(own.key, SHA256()).public_bytes(Encoding.DER), root(own))
    assert examine(chain, lists(revoke(middle), revoke(own)), now) == Findings()
    assert "of 'CN=Test CA'" in examine(chain, lists(revoke(middle)), now).unknown
    assert "of 'CN=Middle'" in examine(chain, lists(revoke(own)), now).unknown
    assert "'CN=Middle' is revoked" in examine(chain, lists(revoke(own, 77)), now).revoked
    users = revoke(own, 77, extensions=[place(only_contains_user_certs=True)])
    assert examine(chain, lists(users, revoke(middle)), now).unknown
    authorities = revoke(own, extensions=[place(only_contains_ca_certs=True)])
    assert examine(chain, lists(authorities, revoke(middle)), now) == Findings()


def test_a_list_in_parts_is_about_those_that_name_the_part(own: Ca) -> None:
    leaf = issue(own, names=["a.example"], cdp=[TWO])
    one, two = revoke(own, extensions=[place([ONE])]), revoke(own, extensions=[place([TWO])])
    assert list_locations(x509.load_der_x509_certificate(leaf.der)) == [TWO]
    assert found(own, leaf, one).unknown
    assert found(own, leaf, one, two) == Findings()


@pytest.mark.parametrize(
    "extension",
    [
        (x509.DeltaCRLIndicator(1), True),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),
        place(indirect_crl=True),
        place(only_contains_attribute_certs=True),
    ],
)
def test_lists_of_other_kinds_are_not_used(own: Ca, extension: tuple[x509.ExtensionType, bool]) -> None:
    with pytest.raises(CrlError):
        read_list(revoke(own, extensions=[extension]).read_bytes(), "x")


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4))
@examples(500)
@example([(0.1328125, 0)])
@example([(0.03515625, 0)])
def test_no_bytes_break_the_reading(ca: Ca, changes: list[tuple[float, int]]) -> None:
    good = revoke(ca, 1, 2, out=ca.folder / "fuzzed.crl", extensions=[place([ONE])]).read_bytes()
    der = bytearray(x509.load_pem_x509_crl(good).public_bytes(Encoding.DER))
    for where, byte in changes:
        der[int(where * len(der))] = byte
    assert isinstance(locations((bytes(der), root(ca))), list)
    leaf = issue(ca, names=["a.example"])
    try:
        examine((leaf.der, root(ca)), [read_list(bytes(der), "x")], datetime.now(UTC))
    except CrlError:
        pass


def test_a_certificate_that_cannot_be_read_is_not_known(own: Ca) -> None:
    leaf = issue(own, names=["a.example"])
    assert "cannot be read" in examine((b"nonsense", root(own)), lists(revoke(own)), datetime.now(UTC)).unknown
    assert locations((b"nonsense", leaf.der, root(own))) == []


def test_only_http_is_fetched(own: Ca) -> None:
    leaf = issue(own, names=["a.example"], cdp=[ONE, "ldap://ca.example/x", ONE, TWO])
    assert locations((leaf.der, root(own))) == [ONE, TWO]


@pytest.mark.parametrize("data", [b"", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", b"\x30\x00"])
def test_what_is_no_list(data: bytes) -> None:
    with pytest.raises(CrlError):
        read_list(data, "x")
