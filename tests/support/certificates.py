"""Certificates for tests and the lab: a CA of our own and whatever leaf a test needs, as PEM files.

``ca = make_ca(folder)`` then ``leaf = issue(ca, names=["edge.example.com"])``; ``leaf.certificate``, ``leaf.key`` and
``ca.certificate`` are paths. Keys are EC P-256: made in well under a millisecond.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

USAGES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ca:
    certificate: Path
    folder: Path
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    name: x509.Name = field(repr=False)


@dataclass(frozen=True)
class Leaf:
    certificate: Path
    """The leaf alone: ``ca`` is a root, so there is no chain to add."""
    key: Path
    serial: int
    der: bytes = field(repr=False)


def make_ca(folder: Path, name: str = "Test CA") -> Ca:
    """A self-signed root in ``folder`` (made when it is not there)."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name)
    builder = (
        _builder(subject, subject, key, days=3650)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_ca_usage(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    path = folder / f"ca-{next(_numbers)}.pem"
    path.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return Ca(path, folder, key, subject)


def issue(
    ca: Ca,
    *,
    names: Sequence[str] = (),
    ips: Sequence[str] = (),
    uris: Sequence[str] = (),
    eku: Sequence[str] | None = ("server", "client"),
    days: float = 30,
    cn: str | None = None,
    cdp: Sequence[str] = (),
    out: Path | None = None,
) -> Leaf:
    """A leaf signed by ``ca``.

    ``names``, ``ips`` and ``uris`` become the SAN, none of them: no SAN. ``cn``: the first name by default, "" for an
    empty subject. ``eku``: "server" and "client", None for no such extension. ``days`` below 0: it expired then.
    ``cdp``: URLs of revocation lists. ``out``: path without suffix, so that a renewed certificate can take the place of
    an old one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    common_name = (names[0] if names else "leaf") if cn is None else cn
    builder = _builder(_subject(common_name), ca.name, key, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    builder = builder.add_extension(issuer_key, critical=False)
    if alternative := _alternative_names(names, ips, uris):
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=not common_name)
    if eku is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([USAGES[usage] for usage in eku]), critical=False)
    if cdp:
        urls = [x509.UniformResourceIdentifier(url) for url in cdp]
        points = x509.CRLDistributionPoints([x509.DistributionPoint(urls, None, None, None)])
        builder = builder.add_extension(points, critical=False)
    certificate = builder.sign(ca.key, SHA256())
    base = out if out is not None else ca.folder / f"leaf-{next(_numbers)}"
    pem, key_file = base.with_name(base.name + ".pem"), base.with_name(base.name + ".key")
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Leaf(pem, key_file, certificate.serial_number, certificate.public_bytes(Encoding.DER))


def revoke(
    ca: Ca,
    *serials: int,
    out: Path | None = None,
    days: float = 7,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Path:
    """A revocation list of ``ca`` with these serial numbers, as PEM. ``days`` below 0: it expired then.

    ``extensions``: each with whether it is critical. ``key``: signs in place of the CA's own.
    """
    now = datetime.now(UTC)
    until = now + timedelta(days=days)
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.name)
    builder = builder.last_update(min(now, until) - timedelta(days=1)).next_update(until)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(hours=1))
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    path = out if out is not None else ca.folder / f"crl-{next(_numbers)}.pem"
    path.write_bytes(builder.sign(key or ca.key, SHA256()).public_bytes(Encoding.PEM))
    return path


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    until = now + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, until) - timedelta(days=1))
        .not_valid_after(until)
    )


def _subject(common_name: str) -> x509.Name:
    # An over-long or odd name is wanted in some tests.
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)] if common_name else []
    return x509.Name(attributes)


def _alternative_names(names: Sequence[str], ips: Sequence[str], uris: Sequence[str]) -> list[x509.GeneralName]:
    return [
        *(x509.DNSName(name) for name in names),
        *(x509.IPAddress(ip_address(ip)) for ip in ips),
        *(x509.UniformResourceIdentifier(uri) for uri in uris),
    ]


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
