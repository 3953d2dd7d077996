from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from sipedge.lab.ca import Authority, Pem
from sipedge.lab.parties.link import names_of


def handshake(server: Pem, client: Pem, server_trust: Path, client_trust: Path) -> tuple[object, object]:
    """Both sides' view of the peer's certificate after a handshake in memory."""
    listening = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listening.load_cert_chain(server.certificate, server.key)
    listening.load_verify_locations(server_trust)
    listening.verify_mode = ssl.CERT_REQUIRED
    calling = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    calling.check_hostname = False
    calling.load_cert_chain(client.certificate, client.key)
    calling.load_verify_locations(client_trust)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = calling.wrap_bio(to_client, to_server)
    other = listening.wrap_bio(to_server, to_client, server_side=True)
    waiting = [one, other]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert not waiting
    return one.getpeercert(), other.getpeercert()


def test_both_sides_of_a_handshake_see_the_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.issue("server", common_name="server", names=("sip.a.example", "127.0.0.1"))
    client = authority.issue("client", common_name="client.example")
    seen_by_client, seen_by_server = handshake(server, client, authority.file, authority.file)
    assert names_of(seen_by_client) == ("sip.a.example", "127.0.0.1")  # type: ignore[arg-type]
    assert names_of(seen_by_server) == ("client.example",)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["expired", "other authority", "no server usage", "no client usage"])
def test_wrong_certificates_are_refused(tmp_path: Path, wrong: str) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    good = authority.issue("good", common_name="good")
    if wrong == "expired":
        server, client = authority.issue("bad", common_name="bad", expired=True), good
    elif wrong == "other authority":
        server, client = other.issue("bad", common_name="bad"), good
    elif wrong == "no server usage":
        server, client = authority.issue("bad", common_name="bad", server=False), good
    else:
        server, client = good, authority.issue("bad", common_name="bad", client=False)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, client, authority.file, authority.file)


def test_certificate_carries_what_was_asked_for(tmp_path: Path) -> None:
    pem = Authority(tmp_path).issue("leaf", common_name="cn.example", client=False)
    certificate = x509.load_pem_x509_certificate(pem.certificate.read_bytes())
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "cn.example"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert ExtensionOID.SUBJECT_ALTERNATIVE_NAME not in [extension.oid for extension in certificate.extensions]


def test_key_is_for_the_owner_only(tmp_path: Path) -> None:
    pem = Authority(tmp_path).issue("leaf", common_name="leaf")
    assert stat.S_IMODE(pem.key.stat().st_mode) == 0o600
