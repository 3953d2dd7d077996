from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.tapped import passed

from sipedge.settings import Hep
from sipedge.tap.collector import Collector
from sipedge.tap.hep import LARGEST

pytestmark = pytest.mark.e2e

LIMIT = 10.0


def _packet(collector: Collector, body: bytes = b"hello") -> bytes:
    packet = collector.render(passed(body=body))
    assert packet is not None
    return packet


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(LIMIT)
        yield made


def _hep(listener: socket.socket, transport: str, trusted: str = "") -> Hep:
    return Hep("127.0.0.1", listener.getsockname()[1], transport, trusted=trusted)


def test_datagrams() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LIMIT)
        collector = Collector(_hep(server, "UDP"), True)
        collector.open()
        small, large = _packet(collector), _packet(collector, b"x" * 65400)
        assert collector.write([small, large, small]) == 1
        assert [server.recv(65536), server.recv(65536)] == [small, small]
        collector.close()


def test_a_port_where_nobody_listens_is_noticed() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        settings = _hep(server, "UDP")
    collector = Collector(settings, True)
    collector.open()
    with pytest.raises(ConnectionRefusedError):
        for _ in range(3):
            collector.write([_packet(collector)])
    collector.close()
    with pytest.raises(ConnectionRefusedError):
        Collector(replace(settings, transport="TCP"), True).open()


def test_a_stream(listener: socket.socket) -> None:
    collector = Collector(_hep(listener, "TCP"), True)
    collector.open()
    accepted, _ = listener.accept()
    with accepted:
        packet = _packet(collector)
        assert collector.write([packet, _packet(collector, b"x" * LARGEST), packet]) == 1
        collector.close()
        assert accepted.makefile("rb").read() == packet * 2


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9"])
def test_over_tls_the_collector_must_be_the_one_that_was_named(
    tmp_path: Path, listener: socket.socket, address: str
) -> None:
    ca = make_ca(tmp_path)
    leaf = issue(ca, ips=[address])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)

    def serve() -> bytes:
        accepted, _ = listener.accept()
        accepted.settimeout(LIMIT)
        try:
            with context.wrap_socket(accepted, server_side=True) as stream:
                return stream.recv(65536)
        except OSError:
            return b""

    collector = Collector(_hep(listener, "TLS", str(ca.certificate)), True)
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve)
        if address == "127.0.0.1":
            collector.open()
            collector.write([_packet(collector)])
            assert served.result(LIMIT) == _packet(collector)
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                collector.open()
        collector.close()
