"""Certificates with one thing wrong: weak keys and signatures, intermediates, OCSP responders, odd names and usages."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

USAGES = {
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "ocsp": ExtendedKeyUsageOID.OCSP_SIGNING,
    "sip": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.20"),
}
KEYS: dict[str, Any] = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "rsa-1024": lambda: rsa.generate_private_key(65537, 1024),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key; ``chain`` is what its owner sends after it."""

    certificate: x509.Certificate
    key: Any = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()


def make(
    issuer: Issued | None,
    common_name: str,
    *,
    names: Sequence[str] = (),
    eku: Sequence[str] | None = ("server", "client"),
    key: str = "ec",
    days: float = 90,
    begins: float = -1,
    ca: bool = False,
    access: Sequence[tuple[x509.ObjectIdentifier, str]] = (),
    pss: bool = False,
) -> Issued:
    """Signed by ``issuer``, itself when None. ``days``, ``begins``: from now on. ``access``: method and URL."""
    private = KEYS[key]()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), False)
    if eku is not None and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([USAGES[one] for one in eku]), critical=False)
    if access:
        entries = [x509.AccessDescription(how, x509.UniformResourceIdentifier(url)) for how, url in access]
        builder = builder.add_extension(x509.AuthorityInformationAccess(entries), critical=False)
    signer = issuer.key if issuer else private
    more = {"rsa_padding": padding.PSS(padding.MGF1(SHA256()), 32)} if pss else {}
    certificate = builder.sign(signer, None if key_signs_itself(signer) else SHA256(), **more)
    above = (issuer.certificate, *issuer.chain) if issuer else ()
    return Issued(certificate, private, above)


def key_signs_itself(key: Any) -> bool:
    """Ed25519 takes no separate hash."""
    return isinstance(key, ed25519.Ed25519PrivateKey)


def with_sha1(folder: Path, issuer: Issued, common_name: str, **fields: Any) -> Issued:
    """Signed with SHA-1, which cryptography refuses to do: openssl signs a self-signed certificate anew."""
    own = make(None, common_name, **fields)
    certificate, _ = files(folder, own)
    authority, key = files(folder, issuer, ())
    command = ["openssl", "x509", "-in", certificate, "-CA", authority, "-CAkey", key, "-sha1", "-preserve_dates"]
    pem = subprocess.run([*command, "-set_serial", "1"], check=True, capture_output=True).stdout
    return Issued(x509.load_pem_x509_certificate(pem), own.key, (issuer.certificate, *issuer.chain))


def files(folder: Path, issued: Issued, chain: Sequence[x509.Certificate] | None = None) -> tuple[str, str]:
    """PEM files of the certificate with what follows it (its chain when None), and of its key."""
    base = folder / f"certificate-{next(_numbers)}"
    sent = (issued.certificate, *(issued.chain if chain is None else chain))
    base.with_suffix(".pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in sent))
    key = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    base.with_suffix(".key").write_bytes(key)
    return str(base.with_suffix(".pem")), str(base.with_suffix(".key"))


def ca_file(folder: Path, *authorities: Issued) -> str:
    path = folder / f"trusted-{next(_numbers)}.pem"
    path.write_bytes(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in authorities))
    return str(path)


CA_ISSUERS = AuthorityInformationAccessOID.CA_ISSUERS
OCSP = AuthorityInformationAccessOID.OCSP
