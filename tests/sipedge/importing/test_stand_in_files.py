from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sipedge.importing.stand_in_files import certificate, password


def test_a_certificate_signed_by_itself() -> None:
    text, key = certificate("edge.example.com")
    leaf = x509.load_pem_x509_certificate(text.encode())
    assert leaf.issuer == leaf.subject
    assert load_pem_private_key(key.encode(), None).public_key() == leaf.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["edge.example.com"]


def test_passwords() -> None:
    assert password("known") == "known\n"
    assert password(None) != password(None)
    assert len(password(None).partition("\n")[0]) == 32
