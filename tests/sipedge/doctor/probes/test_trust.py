from __future__ import annotations

from pathlib import Path

import pytest
from support.doctor_certificates import ca_file, make

from sipedge.doctor.probes.trust import read_trust

CA, OTHER = make(None, "Test CA", ca=True), make(None, "Other CA", ca=True)


def test_file_and_system_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path, OTHER))
    trust = read_trust(ca_file(tmp_path, CA))
    assert trust.knows(CA.certificate.subject) and not trust.knows(OTHER.certificate.subject)
    assert trust.is_public(OTHER.certificate.subject) and not trust.is_public(CA.certificate.subject)
    assert read_trust("").knows(OTHER.certificate.subject)
