"""An edge of two workers: a revoked peer finds none that lets it in, whoever of them heard of it first."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca, revoke
from support.processes import fresh_address
from support.revocation import PORT, Authority, Town
from support.running_edge import Edge, edge_toml, listener, neighbor
from support.stream import LIMIT, Callee, answer, connect, request
from support.two_workers import final

pytestmark = pytest.mark.e2e


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path, workers=2)
    with made.edge:
        yield made


def test_after_a_reload_both_workers_end_and_refuse_connections_of_a_revoked_peer(town: Town) -> None:
    one, two = town.call(), town.call()
    with one, two, Callee(town.callee, PORT, town.ca, town.far) as callee:
        one.send(town.message(1))
        with callee.accept() as far:
            far.send(answer(far.read_message()))
            assert final(one) == 200
            two.send(town.message(2))
            far.send(answer(far.read_message()))
            assert final(two) == 200
            town.revoke(town.near)
            assert one.read_end() == two.read_end() == b""
        for _ in range(4):  # two for each worker, if they were let in
            with town.call() as refused:
                assert refused.read_end() == b""
        town.revoke(town.far)
        with town.call() as third, town.call() as fourth:
            for number, caller in ((3, third), (4, fourth)):
                caller.send(town.message(number))
                callee.accept().close()
                assert final(caller) == 500


def test_a_list_that_one_worker_has_found_is_read_by_the_other_at_once(town: Town) -> None:
    """Nothing else would have it read within the five minutes of ``crl_interval``."""
    one, two = town.call(), town.call()
    with one, two:
        for number, caller in ((1, one), (2, two)):
            caller.send(request("MESSAGE", "sip:bob@nowhere.example", town.caller, number))
            assert final(caller) == 404
        revoke(town.ca, town.near.serial, out=town.list)
        os.kill(town.edge.workers()[1], signal.SIGKILL)  # the next one in its seat reads the files as it begins
        assert one.read_end() == two.read_end() == b""
        town.edge.wait_for("is started again")
        assert "is revoked by" in town.edge.wait_for(f"connection from {town.caller} closed")


def test_a_list_that_one_worker_has_fetched_is_fetched_by_the_other_at_once(tmp_path: Path) -> None:
    """So who is revoked is not let in by a worker that sees the first certificate which names the list."""
    address, peer = fresh_address(), fresh_address()
    ca = make_ca(tmp_path)
    with Authority() as authority:
        good, bad = (issue(ca, ips=[peer], cdp=[authority.url]) for _ in range(2))
        authority.list = revoke(ca, bad.serial).read_bytes()
        zone = neighbor("near", [peer], "TLS", '[zone.tls]\nrevocation = "soft"\nfetch_crl = true')
        default = '[[zone]]\ntype = "default"\nallow_loopback = true\n'
        config = edge_toml(ca, issue(ca, ips=[address]), listener("tls", address), zone, default)
        with Edge(tmp_path / "edge", config.replace("[edge]\n", "[edge]\nworkers = 2\n", 1), "") as edge:
            with connect(peer, address, PORT, ca, good) as first:
                first.send(request("MESSAGE", "sip:bob@far.example", peer, 1))
                assert final(first) == 404
                came = edge.wait_for("fetched a revocation list")
                edge.wait_for("fetched a revocation list", since=edge.output().splitlines().index(came.strip()) + 1)
                with connect(peer, address, PORT, ca, bad) as second:
                    assert second.read_end() == b""
                assert "is revoked by" in edge.wait_for(f"connection from {peer} refused")
                assert f"connection from {peer} closed" not in edge.output()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_from_before_carries_a_revoked_peer_in(town: Town, version: ssl.TLSVersion) -> None:
    """A resumed session shows no certificate that could be judged (RFC 5246 7.3, RFC 8446 2.2)."""
    context = ssl.create_default_context(cafile=town.ca.certificate)
    context.load_cert_chain(town.near.certificate, town.near.key)
    context.minimum_version = context.maximum_version = version

    def call(session: ssl.SSLSession | None) -> ssl.SSLSocket:
        plain = socket.create_connection((town.address, PORT), LIMIT, (town.caller, 0))
        return context.wrap_socket(plain, server_hostname=town.address, session=session)

    with call(None) as one:
        one.sendall(request("MESSAGE", "sip:bob@nowhere.example", town.caller, 1))
        assert one.recv(65536).startswith(b"SIP/2.0 404 ")
        session = one.session
        assert session is None or not session.has_ticket
        with call(session) as two:
            assert not two.session_reused
            town.revoke(town.near)
            assert one.recv(65536) == two.recv(65536) == b""
    for _ in range(2):
        with call(session) as again:
            assert not again.session_reused and again.recv(65536) == b""
