"""Revoked certificates at a running edge: in both directions, and while connections are open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import Leaf, issue, make_ca, revoke
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, request

pytestmark = pytest.mark.e2e

PORT = 5061


class Town:
    """An edge with two neighbours over TLS; one list says who of them is revoked."""

    def __init__(self, folder: Path) -> None:
        self.address, self.caller, self.callee = (fresh_address() for _ in range(3))
        self.ca = make_ca(folder)
        self.near, self.far = issue(self.ca, ips=[self.caller]), issue(self.ca, ips=[self.callee])
        self.list = folder / "lists" / "ca.crl"
        self.list.parent.mkdir()
        revoke(self.ca, out=self.list)
        tls = '[zone.tls]\nrevocation = "hard"\ncrl = ["../lists"]'
        zones = [neighbor("near", [self.caller], "TLS", tls), neighbor("far", [self.callee], "TLS", tls)]
        leaf = issue(self.ca, ips=[self.address])
        config = edge_toml(self.ca, leaf, listener("tls", self.address), *zones)
        self.edge = Edge(folder / "edge", config, rule("out", r".*@far\.example", "far"))

    def call(self) -> Stream:
        return connect(self.caller, self.address, PORT, self.ca, self.near)

    def message(self, number: int) -> bytes:
        return request("MESSAGE", "sip:bob@far.example", self.caller, number)

    def revoke(self, *leaves: Leaf) -> None:
        revoke(self.ca, *(leaf.serial for leaf in leaves), out=self.list)
        assert "in force" in self.edge.reload()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    with made.edge:
        yield made


def delivered(town: Town, caller: Stream, callee: Callee, number: int) -> Stream:
    """Send and have the far side answer; the connection it came on."""
    caller.send(town.message(number))
    connection = callee.accept()
    connection.send(answer(connection.read_message()))
    assert caller.read_message().startswith(b"SIP/2.0 200 ")
    return connection


def test_a_revoked_peer_is_not_connected_to(town: Town) -> None:
    with town.call() as caller, Callee(town.callee, PORT, town.ca, town.far) as callee:
        town.revoke(town.far)
        caller.send(town.message(1))
        callee.accept().close()
        assert caller.read_message().startswith(b"SIP/2.0 500 ")
        assert 'zone "far"' in town.edge.wait_for("is revoked by")
        town.revoke()
        delivered(town, caller, callee, 2).close()


def test_a_revoked_peer_is_let_in_no_more_and_open_connections_end(town: Town) -> None:
    with Callee(town.callee, PORT, town.ca, town.far) as callee:
        with town.call() as before, delivered(town, before, callee, 1) as onwards:
            town.revoke(town.near, town.far)
            assert before.read_end() == onwards.read_end() == b""
        with town.call() as refused:
            assert refused.read_end() == b""
        assert "is revoked by" in town.edge.wait_for(f"connection from {town.caller} refused")
        town.revoke()
        with town.call() as again:
            delivered(town, again, callee, 3).close()


def test_without_a_valid_list_hard_lets_nobody_in(town: Town) -> None:
    revoke(town.ca, days=-1, out=town.list)
    assert "in force" in town.edge.reload()
    with town.call() as refused:
        assert refused.read_end() == b""
    assert "the revocation list has expired" in town.edge.wait_for("expired")
