"""Reads the certificate that is presented to partners from its files, as a partner will see it."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sipedge.certificates.chain import ChainError, read_chain
from sipedge.doctor.facts.own import OwnCertificate
from sipedge.network.tls import openssl_reason
from sipedge.settings import Certificate

from .handshake import looking_context

_LARGEST = 1 << 20
"""Bytes of the certificate file that are read."""


def read_own(client: Certificate) -> OwnCertificate:
    """The files once, before anything is connected to. Never raises: what is wrong with them is a fact."""
    try:
        with Path(client.certificate).open("rb") as stream:
            certificates = x509.load_pem_x509_certificates(stream.read(_LARGEST))
        chain = read_chain(tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates))
        looking_context(client)
    except ssl.SSLError as error:
        reason = "the key does not belong to it" if error.reason == "KEY_VALUES_MISMATCH" else openssl_reason(error)
        return OwnCertificate(client.certificate, None, reason)
    except OSError as error:
        return OwnCertificate(client.certificate, None, f"{error.filename or client.key}: {error.strerror}")
    except ChainError as error:
        return OwnCertificate(client.certificate, None, str(error))
    except ValueError:
        return OwnCertificate(client.certificate, None, "it holds no certificate in PEM form")
    return OwnCertificate(client.certificate, chain)
