"""A throw-away CA and the two certificates of a run: the proxy's and the load generator's."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PROXY_NAMES = ("edge.ciscoexample.com", "ciscoexample.com")
LOAD_NAMES = ("sipfed.msexample.com", "imp1.ciscoexample.com")
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6")
VALIDITY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certificates:
    """PEM files in one folder."""

    folder: Path

    @property
    def trusted(self) -> Path:
        return self.folder / "ca.pem"

    def certificate(self, name: str) -> Path:
        """``name`` is "edge" (the proxies) or "load" (the generator)."""
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"


def make_certificates(folder: Path) -> Certificates:
    """RSA 2048, so that handshakes cost both proxies what public certificates cost."""
    made = Certificates(folder)
    ca_key = _new_key()
    ca_name = _name("Bench CA")
    ca = _builder(ca_name, ca_name, ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made.trusted.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    for name, subjects in (("edge", PROXY_NAMES), ("load", LOAD_NAMES)):
        key = _new_key()
        leaf = _leaf(ca_name, subjects, key.public_key()).sign(ca_key, hashes.SHA256())
        made.certificate(name).write_bytes(leaf.public_bytes(Encoding.PEM))
        made.key(name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - VALIDITY).not_valid_after(now + VALIDITY)


def _leaf(issuer: x509.Name, names: tuple[str, ...], key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
    subjects: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    subjects += [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = _builder(_name(names[0]), issuer, key)
    builder = builder.add_extension(x509.SubjectAlternativeName(subjects), critical=False)
    return builder.add_extension(usage, critical=False)
