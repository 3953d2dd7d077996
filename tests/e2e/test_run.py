"""``sipedge run`` as a process: start, reload, a reload with a mistake in it, the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address, wait_until_closed
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, request

pytestmark = pytest.mark.e2e

PORT = 5060


class Installation:
    """An edge over TCP with two far sides; which of them gets the calls is the dial plan's."""

    def __init__(self, folder: Path) -> None:
        self.own, self.address, self.one, self.two = (fresh_address() for _ in range(4))
        ca = make_ca(folder)
        zones = [neighbor("near", [self.own], "TCP"), neighbor("one", [self.one], "TCP")]
        zones += [neighbor("two", [self.two], "TCP")]
        self.config = edge_toml(ca, issue(ca, ips=[self.address]), listener("tcp", self.address, "TCP"), *zones)
        self.edge = Edge(folder / "edge", self.config, rule("out", r".*@far\.example", "one"))

    def call(self) -> Stream:
        return connect(self.own, self.address, PORT)

    def message(self, number: int) -> bytes:
        return request("MESSAGE", "sip:bob@far.example", self.own, number, transport="TCP")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    with made.edge:
        yield made


def delivered(caller: Stream, message: bytes, callee: Callee) -> Stream:
    """Send and have the callee answer; the connection it came on."""
    caller.send(message)
    connection = callee.accept()
    connection.send(answer(connection.read_message()))
    assert caller.read_message().startswith(b"SIP/2.0 200 ")
    return connection


def test_reload_changes_the_way_and_keeps_the_caller(installation: Installation) -> None:
    with installation.call() as caller, Callee(installation.one, PORT) as one, Callee(installation.two, PORT) as two:
        with delivered(caller, installation.message(1), one):
            installation.edge.write(dialplan=rule("out", r".*@far\.example", "two"))
            assert "in force" in installation.edge.reload()
            delivered(caller, installation.message(2), two).close()


def test_a_reload_with_a_mistake_changes_nothing(installation: Installation) -> None:
    with installation.call() as caller, Callee(installation.one, PORT) as one:
        installation.edge.write(dialplan=rule("out", r".*@(far\.example", "two"))
        assert "nothing changed" in installation.edge.reload()
        assert "edge.dialplan:5:" in installation.edge.output()
        delivered(caller, installation.message(1), one).close()


def test_sigterm_ends_with_status_0_after_the_open_transaction(installation: Installation) -> None:
    with installation.call() as caller, Callee(installation.one, PORT) as one:
        caller.send(installation.message(1))
        with one.accept() as connection:
            received = connection.read_message()
            installation.edge.terminate()
            wait_until_closed(installation.address, PORT)
            connection.send(answer(received))
            assert caller.read_message().startswith(b"SIP/2.0 200 ")
        assert installation.edge.stop() == 0


def test_a_broken_configuration_does_not_start(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.edge.write(config=installation.config.replace('type = "neighbor"', 'type = "neighbour"', 1))
    with pytest.raises(RuntimeError, match='did you mean "neighbor"'), installation.edge:
        pass
