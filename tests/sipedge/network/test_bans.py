"""Who is not let in for a while, with real sockets and real handshakes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.connections import FAR, LIMITS, LISTENER, Run
from support.edge import Edge, connect_raw, receive

from sipedge.network.tls import TlsContexts
from sipedge.settings import Tls

SHORT = replace(LIMITS, ban_after=3, ban_time=0.2, ban_longest=2.0)
LONG = replace(LIMITS, ban_after=3)
ME = "127.0.0.1"


async def is_let_in(edge: Edge, ca: Ca, leaf: Leaf) -> bool:
    """Try a handshake and send nothing: over TLS 1.3 it is the first read that tells."""
    context = ssl.create_default_context(cafile=ca.certificate)
    context.check_hostname = False
    context.load_cert_chain(leaf.certificate, leaf.key)
    seen = len(edge.opened)
    try:
        reader, writer = await asyncio.open_connection(*edge.address, ssl=context)
    except (ssl.SSLError, ConnectionError):
        return False
    try:
        writer.write(b"\r\n\r\n")
        came = await reader.read(2)
    except (ssl.SSLError, ConnectionError):
        return False
    finally:
        writer.transport.abort()
    return came == b"\r\n" and len(edge.opened) == seen + 1


async def fail(edge: Edge, times: int = 3) -> None:
    for _ in range(times):
        raw = await connect_raw(edge.address)
        with raw:
            await asyncio.get_running_loop().sock_sendall(raw, b"no handshake")
            await receive(raw)


async def banned(edge: Edge) -> float:
    """The seconds of a ban that has begun."""
    now = asyncio.get_running_loop().time()
    (ban,) = edge.connections.bans.bans(now)
    assert ban.source == ME
    return ban.until - now


@pytest.fixture
def peer(ca: Ca) -> Leaf:
    return issue(ca, names=[FAR])


def test_failed_handshakes_bring_a_ban_that_ends_and_grows(run: Run, ca: Ca, tls: Tls, peer: Leaf) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=SHORT) as edge:
            assert await is_let_in(edge, ca, peer)
            for length in (0.2, 0.4):
                await fail(edge)
                assert await banned(edge) == pytest.approx(length, abs=0.15)
                assert not await is_let_in(edge, ca, peer)
                loop = asyncio.get_running_loop()
                ended: asyncio.Future[None] = loop.create_future()
                loop.call_later(await banned(edge) + 0.01, ended.set_result, None)
                await ended
                assert await is_let_in(edge, ca, peer)
            assert edge.connections.refused == {("", "handshake"): 6, ("", "ban"): 2}
            assert edge.connections.bans.begun == {"handshake": 2}

    run(test)


def test_a_banned_source_is_refused_before_tls(run: Run, tls: Tls, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=LONG) as edge:
            await fail(edge)
            raw = await connect_raw(edge.address)
            with raw:
                assert await receive(raw) == b""

    run(test)
    texts = [record.getMessage() for record in caplog.records]
    assert "127.0.0.1 is banned for 60 s (handshake): its connections are refused" in texts
    assert "refused: banned for another 60 s" in texts[-1]


def test_an_unknown_issuer_is_an_offence(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=LONG) as edge:
            stranger = issue(make_ca(ca.folder, "Other CA"), names=[FAR])
            for _ in range(3):
                assert not await is_let_in(edge, ca, stranger)
            assert await banned(edge)

    run(test)


@pytest.mark.parametrize("reset", [False, True])
def test_who_says_nothing_offends_nobody(run: Run, tls: Tls, reset: bool) -> None:
    """A load balancer looks so whether somebody listens, with FIN or RST at its end."""

    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=LONG) as edge:
            for count in range(1, 9):
                raw = await connect_raw(edge.address)
                if reset:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                raw.close()
                while edge.connections.refused.get(("", "handshake"), 0) < count:
                    await asyncio.sleep(0)
            assert edge.connections.bans.bans(0.0) == ()
            assert len(edge.connections.bans) == 0

    run(test)


def test_an_address_that_is_trusted_is_never_banned(run: Run, ca: Ca, tls: Tls, peer: Leaf) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=LONG, trusted=ME) as edge:
            await fail(edge, 9)
            assert await is_let_in(edge, ca, peer)

    run(test)


def test_a_reload_ends_bans(run: Run, ca: Ca, tls: Tls, peer: Leaf) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=LONG) as edge:
            await fail(edge)
            edge.connections.reload(limits=LONG, tls=TlsContexts(tls, [LISTENER], []), retire_within=1.0)
            assert await is_let_in(edge, ca, peer)

    run(test)


@pytest.mark.parametrize("junk", [b"junk\r\n\r\n" * 12, b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n"])
def test_a_connection_full_of_junk_is_an_offence(run: Run, junk: bytes) -> None:
    async def test() -> None:
        async with await Edge.start(listener=replace(LISTENER, transport="TCP"), limits=LONG) as edge:
            for _ in range(3):
                raw = await connect_raw(edge.address)
                with raw:
                    await asyncio.get_running_loop().sock_sendall(raw, junk)
                    await receive(raw)
            assert await banned(edge)
            assert edge.connections.bans.begun == {"malformed": 1}

    run(test)
