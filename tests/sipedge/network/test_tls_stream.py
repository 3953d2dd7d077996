"""Two streams that talk to each other through memory."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from support.certificates import issue, make_ca

from sipedge.network.tls_stream import WANT_MORE, TlsStream


@pytest.fixture
def pair(tmp_path: Path) -> tuple[TlsStream, TlsStream]:
    ca = make_ca(tmp_path)
    leaf = issue(ca, names=["edge.example.com"])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(leaf.certificate, leaf.key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(ca.certificate)
    name = "edge.example.com"
    return TlsStream(server, server_side=True), TlsStream(client, server_side=False, server_name=name)


def carry(giver: TlsStream, taker: TlsStream, step: int = 65536) -> None:
    data = memoryview(giver.output())
    for at in range(0, len(data), step):
        taker.receive(data[at : at + step])


def shake_hands(server: TlsStream, client: TlsStream) -> None:
    done = {server: False, client: False}
    for _ in range(4):
        for one, other in ((client, server), (server, client)):
            if not done[one]:
                done[one] = one.handshake()
            carry(one, other)
    assert all(done.values())


def read_all(stream: TlsStream, space: int = 16384) -> bytes:
    buffer = memoryview(bytearray(space))
    data = b""
    while (count := stream.read_into(lambda: buffer)) > 0:
        data += buffer[:count]
    return data


def test_bytes_go_both_ways(pair: tuple[TlsStream, TlsStream]) -> None:
    server, client = pair
    shake_hands(server, client)
    client.write(b"hello")
    carry(client, server)
    assert read_all(server) == b"hello"
    server.write(b"x" * 100_000)
    carry(server, client)
    assert read_all(client, 1000) == b"x" * 100_000


def test_records_in_pieces(pair: tuple[TlsStream, TlsStream]) -> None:
    server, client = pair
    shake_hands(server, client)
    client.write(b"hello")
    data = memoryview(client.output())
    space = memoryview(bytearray(100))
    for at in range(len(data) - 1):
        server.receive(data[at : at + 1])
        assert server.read_into(lambda: space) == WANT_MORE
    server.receive(data[-1:])
    assert server.read_into(lambda: space) == 5


def test_close_notify(pair: tuple[TlsStream, TlsStream]) -> None:
    server, client = pair
    shake_hands(server, client)
    client.write(b"last words")
    client.close()
    carry(client, server)
    space = memoryview(bytearray(100))
    assert server.read_into(lambda: space) == 10
    assert server.read_into(lambda: space) == 0


def test_a_refused_certificate_leaves_an_alert_for_the_peer(pair: tuple[TlsStream, TlsStream], tmp_path: Path) -> None:
    server, _ = pair
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.load_verify_locations(make_ca(tmp_path, "Other CA").certificate)
    client = TlsStream(stranger, server_side=False, server_name="edge.example.com")
    client.handshake()
    carry(client, server)
    server.handshake()
    carry(server, client)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.handshake()
    carry(client, server)
    with pytest.raises(ssl.SSLError, match="(?i)unknown.ca"):
        server.handshake()


def test_garbage(pair: tuple[TlsStream, TlsStream]) -> None:
    server, _ = pair
    server.receive(memoryview(b"OPTIONS sip:edge SIP/2.0\r\n\r\n"))
    with pytest.raises(ssl.SSLError):
        server.handshake()
