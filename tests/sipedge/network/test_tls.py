"""Contexts from files: what is wrong with a file is one sentence that names it."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import replace

import pytest
from support.certificates import Ca, Leaf, issue

import sipedge.network.tls as tls_module
from sipedge.network.tls import TlsContexts, TlsError, openssl_reason, read_files
from sipedge.settings import Certificate, Listener, Tls
from zones.zone import DefaultZone, ExtendedKeyUsage, NeighborZone, TlsPolicy

LISTENER = Listener("federation", "127.0.0.1", 5061)
ZONE = NeighborZone(name="far", peers=("far.example.com",))
TOLERANT = replace(ZONE, tls=TlsPolicy(extended_key_usage=ExtendedKeyUsage.WARN))


def identity(leaf: Leaf) -> Certificate:
    return Certificate(str(leaf.certificate), str(leaf.key))


def tls(ca: Ca, *leaves: Leaf, **changes: object) -> Tls:
    return replace(Tls(tuple(map(identity, leaves)), trusted=str(ca.certificate)), **changes)  # type: ignore[arg-type]


def refused(settings: Tls) -> str:
    with pytest.raises(TlsError) as caught:
        TlsContexts(settings, [LISTENER], [ZONE])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_contexts(ca: Ca) -> None:
    contexts = TlsContexts(tls(ca, issue(ca, names=["edge.example.com"])), [LISTENER], [ZONE])
    server, client = contexts.server("federation"), contexts.client(ZONE.tls)
    assert server.verify_mode is client.verify_mode is ssl.CERT_REQUIRED
    assert server.minimum_version is client.minimum_version is ssl.TLSVersion.TLSv1_2
    assert server.num_tickets == 0 and server.options & ssl.OP_NO_TICKET
    assert not client.check_hostname
    old = [c["name"] for c in server.get_ciphers() if c["protocol"] == "TLSv1.2"]
    assert old and all(name.startswith("ECDHE") and ("GCM" in name or "CHACHA" in name) for name in old)


def test_minimum_version_of_a_zone(ca: Ca) -> None:
    strict = replace(ZONE, tls=TlsPolicy(minimum_version="1.3"))
    contexts = TlsContexts(tls(ca, issue(ca, names=["a"])), [], [ZONE, strict])
    assert contexts.client(strict.tls).minimum_version is ssl.TLSVersion.TLSv1_3
    assert contexts.client(ZONE.tls).minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_default_zone_has_a_context_for_the_way_back_to_strangers(ca: Ca) -> None:
    strangers = DefaultZone(tls=TlsPolicy(minimum_version="1.3"))
    contexts = TlsContexts(tls(ca, issue(ca, names=["a"])), [], [ZONE, strangers])
    assert contexts.client(strangers.tls).minimum_version is ssl.TLSVersion.TLSv1_3
    TlsContexts(Tls(), [], [replace(ZONE, transport="TCP"), strangers])


def test_client_certificate_optional(ca: Ca) -> None:
    listener = replace(LISTENER, client_certificate=False)
    contexts = TlsContexts(tls(ca, issue(ca, names=["a"])), [listener])
    assert contexts.server("federation").verify_mode is ssl.CERT_OPTIONAL


def test_nothing_is_needed_without_tls() -> None:
    contexts = TlsContexts(Tls(), [replace(LISTENER, transport="TCP")], [replace(ZONE, transport="TCP")])
    with pytest.raises(TlsError, match="no trusted CAs"):
        contexts.client(ZONE.tls)


def test_missing_settings(ca: Ca) -> None:
    assert "no server certificate" in refused(Tls(trusted=str(ca.certificate)))
    assert "no file of trusted CAs" in refused(tls(ca, issue(ca, names=["a"]), trusted=""))


def test_missing_files(ca: Ca) -> None:
    leaf = issue(ca, names=["a"])
    missing = str(ca.folder / "missing.pem")
    assert refused(tls(ca, leaf, trusted=missing)) == f"{missing}: No such file or directory"
    for broken in (Certificate(missing, str(leaf.key)), Certificate(str(leaf.certificate), missing)):
        assert refused(tls(ca, server=(broken,))) == f"{missing}: No such file or directory"


def test_files_of_other_contents(ca: Ca) -> None:
    leaf, other = issue(ca, names=["a"]), issue(ca, names=["b"])
    text = ca.folder / "text.pem"
    text.write_text("hello")
    wrong = Certificate(str(leaf.certificate), str(other.key))
    assert refused(tls(ca, server=(wrong,))) == f"{other.key}: is not the key of {leaf.certificate}"
    assert "holds no certificate" in refused(tls(ca, server=(Certificate(str(text), str(leaf.key)),)))
    assert "holds no private key" in refused(tls(ca, server=(Certificate(str(leaf.certificate), str(text)),)))
    assert "holds no trusted CA" in refused(tls(ca, leaf, trusted=str(text)))


def test_encrypted_key(ca: Ca) -> None:
    leaf = issue(ca, names=["a"])
    locked = ca.folder / "locked.key"
    command = ["openssl", "pkcs8", "-topk8", "-in", leaf.key, "-out", locked, "-passout", "pass:secret"]
    subprocess.run(command, check=True, capture_output=True)
    assert "is encrypted" in refused(tls(ca, server=(Certificate(str(leaf.certificate), str(locked)),)))


def test_an_expired_own_certificate_is_loud_and_not_fatal(ca: Ca, caplog: pytest.LogCaptureFixture) -> None:
    leaf = issue(ca, names=["a"], days=-1)
    assert TlsContexts(tls(ca, leaf), [LISTENER], [ZONE]).server(LISTENER.name)
    (line,) = caplog.records
    assert line.levelname == "ERROR"
    assert line.getMessage().startswith(f"{leaf.certificate}: the certificate expired on ")


def test_contexts_are_made_of_what_was_read_however_the_files_look(ca: Ca) -> None:
    leaf = issue(ca, names=["a"])
    settings = tls(ca, leaf)
    files = read_files(settings)
    leaf.key.unlink()
    leaf.certificate.write_text("half")
    assert TlsContexts(settings, [LISTENER], [ZONE], files).server(LISTENER.name)


def test_the_fingerprint_follows_files_and_settings(ca: Ca) -> None:
    base = ca.folder / "edge"
    settings = tls(ca, issue(ca, names=["a"], out=base))
    first = TlsContexts(settings, [LISTENER], [ZONE]).fingerprint
    assert TlsContexts(settings, [LISTENER], [ZONE]).fingerprint == first
    assert TlsContexts(settings, [LISTENER], [TOLERANT]).fingerprint != first
    issue(ca, names=["a"], out=base)
    assert TlsContexts(settings, [LISTENER], [ZONE]).fingerprint != first


def test_tolerance_that_python_cannot_give(ca: Ca, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tls(ca, issue(ca, names=["a"]))
    assert TlsContexts(settings, [LISTENER], [TOLERANT])
    monkeypatch.setattr(tls_module, "tolerate_key_usage", lambda context: False)
    assert TlsContexts(settings, [LISTENER], [ZONE])
    with pytest.raises(TlsError, match='far asks for: set extended_key_usage = "strict"'):
        TlsContexts(settings, [LISTENER], [TOLERANT])


def test_reasons_in_words() -> None:
    error = ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1)")
    error.reason = "TLSV1_ALERT_UNKNOWN_CA"
    assert openssl_reason(error) == "the peer sent the TLS alert 'unknown ca'"
    error.reason = "WRONG_VERSION_NUMBER"
    assert openssl_reason(error) == "wrong version number"
