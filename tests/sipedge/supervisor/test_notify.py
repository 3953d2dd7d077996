"""What systemd is told arrives, however late it reads."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sipedge.supervisor import notify
from sipedge.supervisor.notify import READY, STOPPING, WATCHDOG, Manager

pytestmark = pytest.mark.e2e


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reading:
        reading.bind(str(tmp_path / "notify"))
        reading.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield reading


def waiting(systemd: socket.socket) -> list[str]:
    states = []
    while True:
        try:
            states.append(systemd.recv(4096).decode())
        except BlockingIOError:
            return states


def test_there_is_one_sign_of_life_in_a_while(systemd: socket.socket) -> None:
    manager = Manager()
    for _ in range(100):
        manager.sign()
    assert waiting(systemd) == [WATCHDOG]


def test_a_change_for_which_there_is_no_room_comes_later(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "INTERVAL", 0.0)
    manager = Manager()
    for _ in range(1000):
        manager.sign()
    manager.tell(READY)
    manager.tell(STOPPING)
    signs = waiting(systemd)
    assert set(signs) == {WATCHDOG} and len(signs) < 1000
    manager.sign()
    assert waiting(systemd) == [READY, STOPPING, WATCHDOG]


def test_a_manager_that_is_gone_costs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    manager = Manager()
    manager.tell(READY)
    manager.sign()
