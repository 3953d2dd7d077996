"""The CAs that are trusted, by subject: those of a file, and whether one of them is known to the public."""

from __future__ import annotations

import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from cryptography import x509

from .probe import load_trusted


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


def read_trust(trusted: str) -> Trust:
    """``trusted``: a PEM file, '' for the system's own. Raises OSError, ssl.SSLError."""
    return Trust(_subjects(trusted), _subjects(""))


def _subjects(trusted: str) -> frozenset[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load_trusted(context, trusted)
    if not trusted and not context.get_ca_certs():
        _load_bundle(context)
    return frozenset(name for der in context.get_ca_certs(True) if (name := _subject(der)))


def _load_bundle(context: ssl.SSLContext) -> None:
    """OpenSSL reads a folder of CAs one by one when it needs them; Debian keeps all in one file beside them."""
    with suppress(OSError, ssl.SSLError):
        context.load_verify_locations(cafile=f"{ssl.get_default_verify_paths().openssl_capath}/ca-certificates.crt")


@cache
def _subject(der: bytes) -> bytes:
    with warnings.catch_warnings(), suppress(ValueError):
        warnings.simplefilter("ignore")  # what is odd about the system's CAs is nobody's business here
        return x509.load_der_x509_certificate(der).subject.public_bytes()
    return b""
