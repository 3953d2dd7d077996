"""Extended key usages of a certificate now, and at its renewals.

An Expressway of X15.5 asks every peer for clientAuth unless it is told not to (``SIP TLS Certificate ExtendedKeyUsage
Checking Mode``, Cisco TAC 225693), so the certificates of both boxes and of the node behind them need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sipedge.certificates.identity import IdentityError, certificate_names
from sipedge.doctor.checks.forecast import SUNSETS, forecast
from zones.key_usage import UsageOutcome, check_usage
from zones.zone import ExtendedKeyUsage

SOON = 14
"""Days before the end of a certificate from which it is told."""


@dataclass(frozen=True, slots=True)
class UsageVerdict:
    good: bool
    text: str
    """A sentence's end, behind the certificate's owner."""


def judge(pem: bytes, now: datetime) -> UsageVerdict:
    """``pem``: may hold text around the certificate; the first one counts."""
    try:
        certificate = x509.load_pem_x509_certificates(pem)[0]
        usages = certificate_names(certificate.public_bytes(Encoding.DER)).key_usages
    except (ValueError, IdentityError) as error:
        return UsageVerdict(False, f"no certificate can be read: {error}")
    left = (certificate.not_valid_after_utc - now).days
    ends = f"ends on {certificate.not_valid_after_utc:%Y-%m-%d}"
    usage = check_usage(ExtendedKeyUsage.STRICT, inbound=True, presented=usages)
    if usage.outcome is not UsageOutcome.OK:
        return UsageVerdict(False, f"has no clientAuth, which X15.5 asks for; {ends}")
    lost = forecast(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    dates = [f"{day:%Y-%m-%d} (CAs stop on {sunset:%Y-%m-%d})" for day, sunset in zip(lost, SUNSETS, strict=True)]
    return UsageVerdict(left >= SOON, f"{ends}; from a public CA it loses clientAuth on {' or '.join(dates)}")
