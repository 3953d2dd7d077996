"""What is said where the engine is not there; the steps themselves are run by tests/e2e/test_lab.py."""

from __future__ import annotations

import pytest

from sipedge.lab import scenario_web


@pytest.mark.parametrize(
    ("there", "sentence"), [(False, "Web publishing is left out: install haproxy (Debian)"), (True, "")]
)
def test_what_is_missing_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch, there: bool, sentence: str) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path="": name if there else None)
    assert scenario_web.missing() == sentence
