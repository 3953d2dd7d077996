"""Revoked certificates at a running edge: in both directions, and while connections are open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


class Authority(BaseHTTPRequestHandler):
    """Serves the file of a CA's list."""

    list = Path()

    def do_GET(self) -> None:
        body = self.list.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_list_that_the_certificate_names_is_fetched(tmp_path: Path, mode: str) -> None:
    """Soft lets the peer in until the list is there; hard waits for the list."""
    address, peer = fresh_address(), fresh_address()
    ca = make_ca(tmp_path)
    with ThreadingHTTPServer((fresh_address(), 0), Authority) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        url = f"http://{server.server_address[0]!s}:{server.server_address[1]}/ca.crl"
        leaf = issue(ca, ips=[peer], cdp=[url])
        Authority.list = revoke(ca, *([leaf.serial] if mode == "soft" else []))
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
        server.shutdown()
        thread.join()


def test_without_a_valid_list_hard_lets_nobody_in(town: Town) -> None:
    revoke(town.ca, days=-1, out=town.list)
    assert "in force" in town.edge.reload()
    with town.call() as refused:
        assert refused.read_end() == b""
    assert "the revocation list has expired" in town.edge.wait_for("expired")
