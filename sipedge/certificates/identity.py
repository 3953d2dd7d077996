"""The identity in a certificate: names, common name and key usages (RFC 5922 7.1).

OpenSSL has verified the chain; here the leaf is only read. A certificate that cannot be read identifies nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from zones.names import LONGEST_NAME

UNREADABLE = (
    TypeError,
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What ``cryptography`` raises when it looks into bytes that are not what they should be; a TypeError for a
bit string in a name."""
Extension = TypeVar("Extension", bound=x509.ExtensionType)


class IdentityError(ValueError):
    """A certificate that cannot be read; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    names: tuple[str, ...]
    """Lower case: DNS names, hosts of SIP URIs and IP addresses in the SAN; the common name only when there is no SAN
    at all (RFC 6125 6.4.4)."""
    common_name: str
    """The common name of the subject, '' when there is none, several or an unprintable one."""
    key_usages: frozenset[str] | None
    """OIDs of the extended key usage (zones.key_usage); None: the certificate has no such extension."""
    not_after: datetime
    """UTC."""
    fingerprint: str
    """SHA-256, hex."""


@lru_cache(maxsize=512)
def certificate_names(der: bytes) -> PeerCertificate:
    """Read a DER certificate. Raises IdentityError."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        common_name = _common_name(certificate)
        alternative = _extension(certificate, x509.SubjectAlternativeName)
        usages = _extension(certificate, x509.ExtendedKeyUsage)
        names = [common_name] if alternative is None else list(_alternative_names(alternative))
    except UNREADABLE as error:
        raise IdentityError(f"the certificate cannot be read: {error}") from None
    return PeerCertificate(
        names=tuple(dict.fromkeys(filter(None, map(_clean, names)))),
        common_name=common_name,
        key_usages=None if usages is None else frozenset(usage.dotted_string for usage in usages),
        not_after=certificate.not_valid_after_utc,
        fingerprint=hashlib.sha256(der).hexdigest(),
    )


def _clean(name: str) -> str:
    """Lower case; '' for a name that is too long or holds anything but printable ASCII (a NUL, a blank)."""
    if len(name) > LONGEST_NAME or not all("!" <= character <= "~" for character in name):
        return ""
    return name.lower()


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _common_name(certificate: x509.Certificate) -> str:
    values = [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return _clean(str(values[0])) if len(values) == 1 else ""


def _alternative_names(extension: x509.SubjectAlternativeName) -> Iterator[str]:
    yield from extension.get_values_for_type(x509.DNSName)
    for uri in extension.get_values_for_type(x509.UniformResourceIdentifier):
        scheme, _, host = uri.partition(":")
        # A user part makes it a person's, not a domain's (RFC 5922 7.1).
        if scheme.lower() in ("sip", "sips") and not set("@;?/") & set(host):
            yield host
    yield from map(str, extension.get_values_for_type(x509.IPAddress))
