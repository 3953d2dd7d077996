"""A certificate chain as it was sent: read, put in order, measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PSS
from cryptography.x509.oid import AuthorityInformationAccessOID

from sipedge.certificates.identity import UNREADABLE, IdentityError, PeerCertificate, certificate_names
from zones.names import show_names

SMALLEST_RSA = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
WEAK_HASHES = ("md5", "sha1")


class ChainError(ValueError):
    """A certificate that cannot be read; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True)
class Chain:
    """``sent``: as it came; ``path``: from the leaf along the issuers as far as the sent ones lead."""

    sent: tuple[x509.Certificate, ...]
    path: tuple[x509.Certificate, ...]
    identity: PeerCertificate

    @property
    def leaf(self) -> x509.Certificate:
        return self.sent[0]

    @property
    def ordered(self) -> bool:
        """Whether what was sent is the path, in its order."""
        return self.sent == self.path

    @property
    def last(self) -> x509.Certificate:
        return self.path[-1]


def read_chain(ders: tuple[bytes, ...]) -> Chain:
    """``ders``: at least one. Raises ChainError."""
    try:
        sent = tuple(x509.load_der_x509_certificate(der) for der in ders)
        path = _path(sent)
        return Chain(sent, path, certificate_names(ders[0]))
    except (IdentityError, *UNREADABLE) as error:
        raise ChainError(f"a certificate cannot be read: {error}") from None


def _path(sent: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
    path = [sent[0]]
    while not is_self_issued(path[-1]):
        issuer = next((other for other in sent if other not in path and other.subject == path[-1].issuer), None)
        if issuer is None:
            break
        path.append(issuer)
    return tuple(path)


def is_self_issued(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer


def issuer_locations(certificate: x509.Certificate) -> list[str]:
    """Where the issuer's certificate could be fetched (caIssuers): its CA is no root."""
    return _access(certificate, AuthorityInformationAccessOID.CA_ISSUERS)


def responders(certificate: x509.Certificate) -> list[str]:
    """OCSP responders."""
    return _access(certificate, AuthorityInformationAccessOID.OCSP)


def _access(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> list[str]:
    try:
        descriptions = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return []
    return [
        description.access_location.value
        for description in descriptions
        if description.access_method == method
        and isinstance(description.access_location, x509.UniformResourceIdentifier)
    ]


def out_of_date(chain: Chain, now: datetime) -> str:
    """'' or which certificate of the path is not valid now."""
    for certificate in chain.path:
        if certificate.not_valid_after_utc < now:
            return f"{name_of(certificate)} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        if certificate.not_valid_before_utc > now:
            return f"{name_of(certificate)} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return ""


def ends(chain: Chain) -> datetime:
    """When the first certificate of the path expires."""
    return min(certificate.not_valid_after_utc for certificate in chain.path)


def key_of(certificate: x509.Certificate) -> tuple[str, bool]:
    """The key in words, and whether it is one that every partner accepts."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "a key of an unknown kind", False
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}", key.key_size >= SMALLEST_RSA
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.curve.name in CURVES
    return type(key).__name__.removesuffix("PublicKey").strip("_"), False


def signature_of(certificate: x509.Certificate) -> tuple[str, bool]:
    """The signature in words, and whether every partner accepts it."""
    try:
        digest = certificate.signature_hash_algorithm
        padding = certificate.signature_algorithm_parameters
    except (UnsupportedAlgorithm, ValueError):
        return f"signature {certificate.signature_algorithm_oid.dotted_string}", False
    if digest is None:
        return f"signature {certificate.signature_algorithm_oid.dotted_string}", False
    if isinstance(padding, PSS):
        return f"RSASSA-PSS with {digest.name}", False
    return digest.name, digest.name not in WEAK_HASHES


def name_of(certificate: x509.Certificate) -> str:
    return ascii(certificate.subject.rfc4514_string()[:100])


def issuer_of(certificate: x509.Certificate) -> str:
    return ascii(certificate.issuer.rfc4514_string()[:100])


def in_words(ders: tuple[bytes, ...]) -> str:
    """Whose certificate comes first, and what the chain lacks towards its root. ``ders``: at least one."""
    try:
        chain = read_chain(ders)
    except ChainError:
        return "one that cannot be read"
    text = f"{name_of(chain.leaf)} ({show_names(chain.identity.names)}), issued by {issuer_of(chain.leaf)}"
    if is_self_issued(chain.last):
        return text
    if chain.last is chain.leaf:
        return f"{text}, whose certificate was not sent"
    return f"{text}; the chain ends at {name_of(chain.last)}, whose issuer {issuer_of(chain.last)} was not sent"
