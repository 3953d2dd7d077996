"""Verdict on an OCSP answer (RFC 6960): its signature must be the issuer's or its delegate's. Pure."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from sipedge.doctor.facts.revocation import OcspAnswer, RevocationFacts, Unasked

from .result import About, Result

CHECK = "tls.revocation"


def check_revocation(about: About, facts: RevocationFacts) -> Result:
    """Not run, with the reason, where nothing is known."""
    if isinstance(facts, Unasked):
        return about.not_run(CHECK, facts.why)
    unusable = _unusable(facts)
    if unusable:
        return about.not_run(CHECK, unusable)
    status = facts.response.certificate_status
    if status is ocsp.OCSPCertStatus.REVOKED:
        return about.failed(CHECK, f"revoked on {facts.response.revocation_time_utc:%Y-%m-%d}")
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        return about.warning(CHECK, "the OCSP responder does not know the certificate")
    return about.ok(CHECK, "not revoked (OCSP)")


def _unusable(facts: OcspAnswer) -> str:
    """'' or why the answer says nothing."""
    response = facts.response
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return f"the OCSP responder refused: {response.response_status.name.lower().replace('_', ' ')}"
    if response.serial_number != facts.leaf.serial_number:
        return "the OCSP responder answered about another certificate"
    return "" if _is_signed(response, facts.issuer) else "the OCSP responder's signature is not the issuer's"


def _is_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """By the issuer, or by a certificate that the issuer gave out for this (RFC 6960 4.2.2.2)."""
    for signer in (issuer, *response.certificates):
        try:
            if signer != issuer:
                signer.verify_directly_issued_by(issuer)
                if ExtendedKeyUsageOID.OCSP_SIGNING not in _usages(signer):
                    continue
            _verify(response, signer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            continue
        return True
    return False


def _usages(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []


def _verify(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    """Raises InvalidSignature when the signature is wrong, TypeError for kinds of keys other than RSA and EC."""
    key, digest = signer.public_key(), response.signature_hash_algorithm
    if digest is None:
        raise TypeError
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
    else:
        raise TypeError
