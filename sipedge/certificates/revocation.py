"""Certificate revocation lists (RFC 5280 5): read from their bytes, and what they say about a verified chain. Pure.

OpenSSL could check them during the handshake. But which zone a peer belongs to, and so which lists count, is known only
behind it; and OpenSSL has no way to let a peer pass for whose issuer there is no list. ``cryptography`` reads the lists
and checks their signatures; here is RFC 5280 6.3.3 for complete lists that the issuer of a certificate signs itself.
Delta lists and indirect ones are not used: a complete list says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from .chain import issuer_of, name_of
from .identity import UNREADABLE

_KNOWN = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint, x509.FreshestCRL)
"""Extensions that are understood: another one that is critical makes a list unusable (RFC 5280 5.2)."""

_MOST_LOCATIONS = 8
"""URLs of one chain."""


class CrlError(ValueError):
    """A list that cannot be used; ``str()`` says why in a few words."""


@dataclass(frozen=True, slots=True, eq=False)
class RevocationList:
    crl: x509.CertificateRevocationList = field(repr=False)
    issuer: x509.Name
    begins: datetime
    ends: datetime | None
    """UTC: when there should be the next list; None: it does not say."""
    serials: frozenset[int] = field(repr=False)
    place: x509.IssuingDistributionPoint | None
    """Which certificates it is about; None: all of its issuer's."""
    source: str
    """The file or URL that it came from, for people."""
    signed_by: dict[bytes, bool] = field(default_factory=dict, repr=False)
    """Fingerprint of an issuer's certificate -> whether it signed the list: a large one takes a while to check."""

    def is_fresh(self, now: datetime) -> bool:
        return self.begins <= now and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a chain."""

    revoked: str = ""
    """One sentence; '' when none of its certificates is on a list."""
    unknown: str = ""
    """One sentence about the first certificate that no valid list is about; '' when there is a list for each."""


def read_list(data: bytes, source: str) -> RevocationList:
    """``data``: PEM or DER. Takes a moment for a large one. Raises CrlError."""
    try:
        pem = data.lstrip().startswith(b"-----BEGIN")
        crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        serials = frozenset(entry.serial_number for entry in crl)
        dates = crl.last_update_utc, crl.next_update_utc
        return RevocationList(crl, crl.issuer, *dates, serials, _place(crl), source)
    except UNREADABLE as error:
        raise CrlError(str(error) or "it cannot be read") from None


def _place(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    """Raises CrlError."""
    place = None
    for extension in crl.extensions:
        if extension.critical and not isinstance(extension.value, _KNOWN):
            raise CrlError(f"it has the critical extension {extension.oid.dotted_string}")
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            place = extension.value
    if place and (place.indirect_crl or place.only_some_reasons or place.only_contains_attribute_certs):
        raise CrlError("it is about a part of what its issuer revokes only")
    return place


def examine(chain: Sequence[bytes], lists: Iterable[RevocationList], now: datetime) -> Findings:
    """``chain``: DER, as verified, from the leaf to the root, which nobody can revoke.

    A certificate on a list that has expired is revoked all the same: lists are not taken back.
    """
    try:
        return _examine([x509.load_der_x509_certificate(der) for der in chain], tuple(lists), now)
    except UNREADABLE as error:
        return Findings(unknown=f"a certificate of the chain cannot be read: {error}")


def _examine(certificates: Sequence[x509.Certificate], known: Sequence[RevocationList], now: datetime) -> Findings:
    """Raises UNREADABLE."""
    unknown = ""
    for certificate, issuer in zip(certificates, certificates[1:], strict=False):
        about = [item for item in known if _is_about(item, certificate, issuer)]
        for item in about:
            if certificate.serial_number in item.serials:
                return Findings(f"the certificate {name_of(certificate)} is revoked by {item.source}")
        if not unknown and not any(item.is_fresh(now) for item in about):
            what = "the revocation list has expired" if about else "there is no revocation list"
            unknown = f"{what} of {issuer_of(certificate)}: nobody knows whether {name_of(certificate)} is revoked"
    return Findings(unknown=unknown)


def locations(chain: Sequence[bytes]) -> list[str]:
    """Where lists about the certificates of a chain can be fetched over http. ``chain`` as in ``examine``."""
    urls = [url for der in chain[:-1] for url in _locations_in(der)]
    return list(dict.fromkeys(url for url in urls if url.lower().startswith("http://")))[:_MOST_LOCATIONS]


def _locations_in(der: bytes) -> list[str]:
    try:
        return list_locations(x509.load_der_x509_certificate(der))
    except UNREADABLE:
        return []


def list_locations(certificate: x509.Certificate) -> list[str]:
    """Its CRL distribution points for complete lists. Raises UNREADABLE."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    whole = [point for point in points if point.crl_issuer is None and point.reasons is None]
    return [url for point in whole for url in _urls(point.full_name)]


def _urls(names: Iterable[x509.GeneralName] | None) -> list[str]:
    return [name.value for name in names or () if isinstance(name, x509.UniformResourceIdentifier)]


def _is_about(item: RevocationList, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a list is the issuer's, and a certificate would stand on it if it were revoked."""
    if item.issuer != certificate.issuer or not _is_signed(item, issuer):
        return False
    place = item.place
    if place is None:
        return True
    if place.only_contains_user_certs if _is_ca(certificate) else place.only_contains_ca_certs:
        return False
    urls = _urls(place.full_name)  # a CA may cut its list into parts, of which each certificate names one
    return not urls or bool(set(urls) & set(list_locations(certificate)))


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _is_signed(item: RevocationList, issuer: x509.Certificate) -> bool:
    """Whether the issuer signed it and may do so (RFC 5280 6.3.3 (f))."""
    try:
        may = issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        may = True
    fingerprint = issuer.fingerprint(SHA256())
    if fingerprint not in item.signed_by:
        item.signed_by[fingerprint] = may and _verify(item.crl, issuer)
    return item.signed_by[fingerprint]


def _verify(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # a key that cannot sign: TypeError
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
