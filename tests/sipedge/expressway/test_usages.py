from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sipedge.expressway.usages import judge
from sipedge.lab.ca import Authority

NOW = datetime.now(UTC)


def test_a_certificate_with_and_without_client_auth(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    both = authority.issue("both", common_name="box").certificate.read_bytes()
    server = authority.issue("server", common_name="box", client=False).certificate.read_bytes()
    assert judge(both, NOW).good and "loses clientAuth on" in judge(both, NOW).text
    assert not judge(server, NOW).good and "has no clientAuth" in judge(server, NOW).text


def test_a_certificate_that_soon_ends(tmp_path: Path) -> None:
    pem = Authority(tmp_path).issue("box", common_name="box").certificate.read_bytes()
    assert not judge(pem, NOW + timedelta(days=20)).good


def test_what_is_no_certificate() -> None:
    for text in (b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        verdict = judge(text, NOW)
        assert not verdict.good and verdict.text.startswith("no certificate can be read: ")
