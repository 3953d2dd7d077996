"""Revoked certificates at a running edge: in both directions, and while connections are open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca, revoke
from support.processes import fresh_address
from support.revocation import PORT, Authority, Town
from support.running_edge import Edge, edge_toml, listener, neighbor
from support.stream import Callee, Stream, answer, connect, request

pytestmark = pytest.mark.e2e


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


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_list_that_the_certificate_names_is_fetched(tmp_path: Path, mode: str) -> None:
    """Soft lets the peer in until the list is there; hard waits for the list."""
    address, peer = fresh_address(), fresh_address()
    ca = make_ca(tmp_path)
    with Authority() as authority:
        leaf = issue(ca, ips=[peer], cdp=[authority.url])
        authority.list = revoke(ca, *([leaf.serial] if mode == "soft" else [])).read_bytes()
        tls = f'[zone.tls]\nrevocation = "{mode}"\nfetch_crl = true'
        tables = [listener("tls", address), neighbor("near", [peer], "TLS", tls)]
        tables.append('[[zone]]\ntype = "default"\nallow_loopback = true\n')
        with Edge(tmp_path / "edge", edge_toml(ca, issue(ca, ips=[address]), *tables), "") as edge:
            with connect(peer, address, PORT, ca, leaf) as first:
                assert first.read_end() == b""
            if mode == "soft":
                assert "is revoked by" in edge.wait_for(f"connection from {peer} closed")
            else:
                assert "there is no revocation list" in edge.wait_for(f"connection from {peer} refused")
                edge.wait_for("fetched a revocation list")
                with connect(peer, address, PORT, ca, leaf) as second:
                    second.send(request("MESSAGE", "sip:bob@far.example", peer, 1))
                    assert second.read_message().startswith(b"SIP/2.0 404 ")
            assert "HTTP Request" not in edge.output()


def test_without_a_valid_list_hard_lets_nobody_in(town: Town) -> None:
    revoke(town.ca, days=-1, out=town.list)
    assert "in force" in town.edge.reload()
    with town.call() as refused:
        assert refused.read_end() == b""
    assert "the revocation list has expired" in town.edge.wait_for("expired")
