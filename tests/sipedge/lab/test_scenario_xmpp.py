"""What is said where the engines are not there; the steps themselves are run by tests/e2e/test_lab.py."""

from __future__ import annotations

import pytest

from sipedge.lab import scenario_xmpp


@pytest.mark.parametrize(
    ("there", "packages"),
    [
        ((), "prosody prosody-modules lua-unbound haproxy"),
        (("prosody",), "haproxy"),
        (("haproxy",), "prosody prosody-modules lua-unbound"),
    ],
)
def test_what_is_missing_is_told_with_its_packages(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], packages: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path="": name if name in there else None)
    assert scenario_xmpp.missing() == f"XMPP federation is left out: install {packages} (Debian)"


def test_nothing_is_missing_where_both_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path="": name)
    assert scenario_xmpp.missing() == ""
