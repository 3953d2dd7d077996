"""What HAProxy is given: files, and text that holds whatever a name may be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.certificates import issue, make_ca
from support.settings import make_settings

from sipedge.servers.web.contents import wanted
from sipedge.servers.web.pools import pools_of
from sipedge.settings import Certificate, Settings, Tls
from sipedge.web_settings import Publish, Turn, Web


def _settings(folder: Path, **fields: object) -> Settings:
    ca = make_ca(folder)
    leaf = issue(ca, names=["meet.example.com"])
    rule = Publish("Odd 'name'", ("meet.example.com",), ("10.0.0.1",), verify_name="dir.example.com")
    web = Web("192.0.2.1", folder=str(folder / "web"), publish=(rule,))
    pair = Certificate(str(leaf.certificate), str(leaf.key))
    tls = Tls(server=(pair, pair), trusted=str(ca.certificate))
    return replace(make_settings(), web=web, tls=tls, **fields)  # type: ignore[arg-type]


def _text(settings: Settings) -> str:
    assert settings.web is not None
    made = wanted(settings, settings.web, pools_of(settings.web, {}))
    return made.in_folder("/x")["haproxy.cfg"].decode()


def test_each_certificate_is_a_file_with_its_key_and_nobody_prints_them(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert settings.web is not None
    made = wanted(settings, settings.web, pools_of(settings.web, {}))
    assert sorted(made.files) == ["certificate-1.pem", "certificate-2.pem", "trusted.pem"]
    assert b"CERTIFICATE" in made.files["certificate-1.pem"] and b"PRIVATE KEY" in made.files["certificate-1.pem"]
    assert "PRIVATE" not in repr(made)
    assert "crt certificate-1.pem crt certificate-2.pem alpn http/1.1 strict-sni" in _text(settings)


def test_equal_settings_have_equal_contents_and_another_secret_other_cookies(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert _text(settings) == _text(settings)
    assert _text(settings) != _text(replace(settings, secret=b"another"))


def test_the_lowest_version_of_tls_is_that_of_the_edge(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    lines = {
        version: _text(replace(settings, tls=replace(settings.tls, minimum_version=version))).count("TLSv1.3")
        for version in ("1.2", "1.3")
    }
    assert lines == {"1.2": 0, "1.3": 1}


def test_turn_shares_the_port_at_its_own_address_only(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    for address, shared in (("192.0.2.1", True), ("192.0.2.2", False)):
        for beside in (True, False):
            turn = Turn(address, "example.com", beside_https=beside)
            assert ("frontend shared" in _text(replace(settings, turn=turn))) is (shared and beside)
