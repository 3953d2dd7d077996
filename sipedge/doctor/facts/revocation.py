"""What an OCSP responder answered about a certificate."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509 import ocsp


@dataclass(frozen=True, slots=True)
class Unasked:
    """There is no answer: nothing is known."""

    why: str


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    leaf: x509.Certificate
    """Asked about."""
    issuer: x509.Certificate
    response: ocsp.OCSPResponse
    """As it came; not verified yet."""


RevocationFacts = Unasked | OcspAnswer
