"""The certificate that this side presents to partners, as its files have it."""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.certificates.chain import Chain


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    file: str
    chain: Chain | None
    problem: str = ""
    """Why it cannot be presented."""
