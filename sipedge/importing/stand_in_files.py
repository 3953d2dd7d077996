"""Stand-ins for the files that an imported configuration names and that its admin has still to bring."""

from __future__ import annotations

import datetime
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LIFETIME = datetime.timedelta(days=365)


def certificate(*host_names: str) -> tuple[str, str]:
    """(certificate, key) as PEM: signed by itself, so that nobody trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "replace this certificate")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + _LIFETIME)
    names = [x509.DNSName(host_name) for host_name in host_names]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signed.decode(), private.decode()


def password(known: str | None) -> str:
    """The text of a password file: the password, else a random one that nobody knows."""
    if known is not None:
        return known + "\n"
    return f"{secrets.token_urlsafe(24)}\nThe first line is random. Put the password there.\n"
