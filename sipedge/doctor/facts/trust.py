"""The CAs that are trusted, by subject."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509


@dataclass(frozen=True, slots=True)
class Trust:
    subjects: frozenset[bytes]
    """DER names."""
    public: frozenset[bytes]
    """Of the system's own CAs."""

    def knows(self, name: x509.Name) -> bool:
        return name.public_bytes() in self.subjects

    def is_public(self, name: x509.Name) -> bool:
        return name.public_bytes() in self.public
