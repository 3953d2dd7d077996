from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sipedge.config import load_config
from sipedge.lab import layout
from sipedge.revisions.files import read_set


@pytest.mark.e2e
def test_two_labs_at_once_get_two_blocks() -> None:
    one, other = layout.reserve(), layout.reserve()
    with one.lock, other.lock:
        assert one.dns != other.dns
        assert one.inside.rsplit(".", 1)[0] == one.sfb.rsplit(".", 1)[0]


@pytest.mark.parametrize("xmpp", [True, False])
@pytest.mark.parametrize("name", ["inside", "outside"])
def test_what_is_written_is_a_good_configuration(tmp_path: Path, name: str, xmpp: bool) -> None:
    with socket.socket() as lock:
        layout.prepare(tmp_path, layout.Block(lock, *(f"127.77.0.{host}" for host in range(1, 8))), xmpp=xmpp, web=xmpp)
    assert read_set(str(tmp_path / f"{name}.toml")).texts, "its console can make drafts and revisions of it"
    settings = load_config(str(tmp_path / f"{name}.toml"))
    assert settings.domains == (layout.CISCO,)
    assert not xmpp or (tmp_path / f"{name}.toml").stat().st_mode & 0o077 == 0
    assert (settings.xmpp is not None and settings.xmpp.role == name) is xmpp
    assert (settings.web is not None) is (xmpp and name == "outside")
    assert settings.log.decisions == str(tmp_path / f"{name}.decisions")
