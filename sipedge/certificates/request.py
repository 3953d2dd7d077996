"""A certificate signing request (PKCS #10, RFC 2986) for names that an edge needs."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LONGEST_COMMON_NAME = 64
"""Characters (RFC 5280, ub-common-name); a longer name stands among the alternative ones only."""


def signing_request(names: Sequence[str], key: bytes) -> bytes:
    """PEM. The first name becomes the subject's common name, all are DNS names of the SAN; server and client usage,
    because an edge is both.

    ``key``: an RSA or EC private key in PEM, not encrypted. Raises ValueError with a sentence.
    """
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, names[0])] if len(names[0]) <= LONGEST_COMMON_NAME else []
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name(subject))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=not subject)
        .add_extension(usages, critical=False)
        .sign(_private_key(key), SHA256())
    )
    return request.public_bytes(Encoding.PEM)


def _private_key(pem: bytes) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise ValueError("the key is encrypted; store it without a passphrase") from None
    except ValueError:
        raise ValueError("there is no private key in PEM form") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("the key is neither an RSA nor an EC key")
    return key
