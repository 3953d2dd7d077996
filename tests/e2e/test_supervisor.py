"""``sipedge run`` when things go wrong: it is back with what was in force, and nobody who connects is refused."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, answer, connect, request

pytestmark = pytest.mark.e2e

PORT = 5060
RULE = rule("out", r".*@far\.example", "far")


class Installation:
    """An edge over TCP with a near and a far side, and a certificate that it needs for nothing but its TLS listener."""

    def __init__(self, folder: Path, days: float = 30) -> None:
        self.own, self.address, self.far, self.second = (fresh_address() for _ in range(4))
        self.ca = make_ca(folder)
        self.leaf = issue(self.ca, ips=[self.address], days=days)
        self.edge = Edge(folder / "edge", self.config(), RULE)

    def config(self, *more: str) -> str:
        tables = [listener("tcp", self.address, "TCP"), listener("tls", self.address), *more]
        tables += [neighbor("near", [self.own], "TCP"), neighbor("far", [self.far], "TCP")]
        return edge_toml(self.ca, self.leaf, *tables, "[limits]\nheartbeat = 1\n")

    def worker(self) -> int:
        (child,) = Path(f"/proc/{self.edge.pid}/task/{self.edge.pid}/children").read_text().split()
        return int(child)

    def serves(self, number: int) -> None:
        """A message goes through, on a connection of its own."""
        with connect(self.own, self.address, PORT) as caller, Callee(self.far, PORT) as far:
            caller.send(request("MESSAGE", "sip:bob@far.example", self.own, number, transport="TCP"))
            with far.accept() as connection:
                connection.send(answer(connection.read_message()))
                assert caller.read_message().startswith(b"SIP/2.0 200 ")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    with made.edge:
        yield made


def test_after_sigabrt_it_is_back_with_what_was_in_force_however_the_files_look(installation: Installation) -> None:
    installation.serves(1)
    installation.edge.write(config="[edge]\nsystem_na", dialplan="search rule {")
    installation.leaf.certificate.write_text("half")
    installation.leaf.key.unlink()
    assert "nothing changed" in installation.edge.reload()
    os.kill(installation.worker(), signal.SIGABRT)
    installation.edge.wait_for("started again in 1 s")
    installation.serves(2)
    assert "Fatal Python error: Aborted" in installation.edge.output()  # and what it was doing


def test_after_sigkill_it_is_back_within_three_seconds(installation: Installation) -> None:
    before = time.monotonic()
    os.kill(installation.worker(), signal.SIGKILL)
    installation.edge.wait_for("died of SIGKILL")
    installation.serves(1)  # the connect comes while nobody accepts
    assert time.monotonic() - before < 3


def test_a_worker_that_hangs_is_replaced(installation: Installation) -> None:
    os.kill(installation.worker(), signal.SIGSTOP)
    installation.serves(1)
    assert "no sign of life for 1 s and gets SIGABRT" in installation.edge.output()
    assert installation.edge.stop() == 0


def test_a_restart_goes_on_with_the_listeners_of_the_last_reload(installation: Installation) -> None:
    installation.edge.write(config=installation.config(listener("second", installation.second, "TCP")))
    assert "in force" in installation.edge.reload()
    os.kill(installation.worker(), signal.SIGKILL)
    installation.edge.wait_for("died of SIGKILL")
    with socket.create_connection((installation.second, PORT), 10):
        installation.edge.write(config=installation.config())
        installation.edge.wait_for(" serves ", since=2)
        assert "in force" in installation.edge.reload()
    with pytest.raises(ConnectionRefusedError):
        while True:  # the supervisor closes its copy of the socket a moment after the line
            with contextlib.suppress(ConnectionResetError):  # it was in the backlog when the socket was closed
                socket.create_connection((installation.second, PORT), 10).close()


def test_a_port_in_use_at_a_reload_changes_nothing_and_the_next_reload_gets_it(installation: Installation) -> None:
    more = [listener("third", fresh_address(), "TCP"), listener("second", installation.second, "TCP")]
    installation.edge.write(config=installation.config(*more), dialplan="")
    with socket.create_server((installation.second, PORT)):
        assert "nothing changed" in installation.edge.reload()
        line = re.search(r'listener "second" \(.*edge\.toml:(\d+)\): (\S+) is in use', installation.edge.output())
        assert line is not None and line[2] == f"{installation.second}:{PORT}"
        table = (installation.edge.folder / "edge.toml").read_text().splitlines()[int(line[1]) - 1 :]
        assert table[:2] == ["[[listener]]", 'name = "second"']
        installation.serves(1)
    installation.edge.write(dialplan=RULE)
    assert "in force" in installation.edge.reload()
    socket.create_connection((installation.second, PORT), 10).close()


def test_an_expired_certificate_of_its_own_is_loud_and_tcp_goes_on(tmp_path: Path) -> None:
    expired = Installation(tmp_path, days=-1)
    with expired.edge:
        assert "ERROR" in expired.edge.wait_for("the certificate expired on")
        assert "in force" in expired.edge.reload()
        os.kill(expired.worker(), signal.SIGABRT)
        expired.edge.wait_for("started again")
        expired.serves(1)


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def told() -> str:
            """The next one that is no sign of life."""
            return next(text for text in iter(lambda: manager.recv(4096).decode(), "") if text != "WATCHDOG=1")

        with Installation(tmp_path).edge as edge:
            assert told() == "READY=1"
            os.kill(edge.pid, signal.SIGHUP)  # nothing else is waited for: ten datagrams unread, and the next is lost
            state, _, clock = told().partition("\n")
            assert state == "RELOADING=1"
            assert abs(int(clock.removeprefix("MONOTONIC_USEC=")) / 1e6 - time.monotonic()) < 60
            assert told() == "READY=1"
            assert manager.recv(4096) == b"WATCHDOG=1"
            edge.terminate()
            assert told() == "STOPPING=1"
