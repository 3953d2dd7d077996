"""Reads the CAs that are trusted: those of a file, and those of the system."""

from __future__ import annotations

import ssl
import warnings
from contextlib import suppress
from functools import cache

from cryptography import x509

from sipedge.doctor.facts.trust import Trust

from .handshake import load_trusted


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
