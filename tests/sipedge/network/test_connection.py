"""One connection at a time over plain TCP: framing, keep-alives, limits of time and size, peers that do not read."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from dataclasses import replace

import pytest
from support.connections import LIMITS, Run
from support.edge import Edge, connect_raw, message, receive

from sipedge.settings import Listener
from zones.zone import Hop

pytestmark = pytest.mark.e2e
TCP = Listener("plain", "127.0.0.1", 0, transport="TCP")


def reset(raw: socket.socket) -> None:
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def test_messages_both_ways(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            edge.on_message = lambda number, got: edge.connections.send(number, got.to_bytes()) and None
            peer = await connect_raw(edge.address)
            data = message(b"one") + message(b"x" * 60000) + message(b"two")
            loop = asyncio.get_running_loop()
            sender = loop.create_task(loop.sock_sendall(peer, data))
            assert await receive(peer, lambda got: len(got) >= len(data)) == data
            await sender
            peer.close()
            await edge.until(lambda: edge.closed)
            (opened,) = edge.opened
            assert (opened.transport, opened.listener, opened.zone) == ("TCP", "plain", None)
            assert opened.peer_address == "127.0.0.1" and opened.local_port == edge.address[1]
            assert edge.closed[0].reason == "the peer closed the connection"
            assert not edge.connections.send(opened.connection, b"too late")

    run(test)


def test_byte_by_byte(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            peer = await connect_raw(edge.address)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = message(b"slowly")
            for at in range(len(data)):
                await asyncio.get_running_loop().sock_sendall(peer, data[at : at + 1])
                await asyncio.sleep(0)
            await edge.until(lambda: edge.messages)
            assert edge.messages[0][1].to_bytes() == data
            peer.close()

    run(test)


def test_keep_alive_is_answered(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            peer = await connect_raw(edge.address)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(peer, b"\r\n\r\n")
            assert await receive(peer, len) == b"\r\n"
            await loop.sock_sendall(peer, b"\r\n\r\n" + message() + b"\r\n\r\n")
            assert await receive(peer, lambda got: len(got) == 4) == b"\r\n\r\n"
            assert len(edge.messages) == 1
            peer.close()

    run(test)


def test_ipv6(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=replace(TCP, address="::1")) as far, await Edge.start() as edge:
            hop = Hop("far", "TCP", "::1", far.address[1])
            edge.connections.connect(hop)
            await edge.until(lambda: edge.opened)
            await far.until(lambda: far.opened)
            assert edge.opened[0].hop == hop and edge.opened[0].zone == "far"
            assert far.opened[0].peer_address == "::1"

    run(test)


def test_too_long_a_header_section_gets_its_answer_before_the_end(run: Run) -> None:
    """The peer is still sending when the edge answers and closes: the answer must not be lost in a reset."""

    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            edge.on_malformed = lambda number, error: edge.connections.send(number, b"SIP/2.0 513 ...") and None
            peer = await connect_raw(edge.address)
            sender = asyncio.create_task(
                asyncio.get_running_loop().sock_sendall(peer, b"MESSAGE sip:a@b SIP/2.0\r\nX: " + b"y" * 3_000_000)
            )
            assert await receive(peer) == b"SIP/2.0 513 ..."
            await sender
            peer.close()
            await edge.until(lambda: edge.closed)
            assert [error.status for _, error in edge.malformed] == [513]
            assert edge.messages == []

    run(test)


def test_malformed_messages_are_borne_for_a_while(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP, limits=replace(LIMITS, malformed_in_a_row=3)) as edge:
            bad = b"no start line\r\nContent-Length: 0\r\n\r\n"
            peer = await connect_raw(edge.address)
            await asyncio.get_running_loop().sock_sendall(peer, bad * 3 + message() + bad * 5 + message())
            await receive(peer)
            await edge.until(lambda: edge.closed)
            assert len(edge.malformed) == 3 + 4 and len(edge.messages) == 1
            assert "malformed messages in a row" in edge.closed[0].reason
            peer.close()

    run(test)


def test_malformed_that_only_the_core_sees(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP, limits=replace(LIMITS, malformed_in_a_row=3)) as edge:
            edge.on_message = lambda number, _: edge.connections.malformed(number)
            peer = await connect_raw(edge.address)
            await asyncio.get_running_loop().sock_sendall(peer, message() * 9)
            await edge.until(lambda: edge.closed)
            assert len(edge.messages) == 4
            peer.close()

    run(test)


def test_the_clock_is_looked_at(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP, limits=replace(LIMITS, first_byte=0.1)) as edge:
            peer = await connect_raw(edge.address)
            assert await receive(peer) == b""
            await edge.until(lambda: edge.closed)
            assert edge.closed[0].reason == "no first byte came"
            peer.close()

    run(test)


def test_reset_and_early_end(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            for end in (reset, socket.socket.close):
                peer = await connect_raw(edge.address)
                await asyncio.get_running_loop().sock_sendall(peer, message() + b"BYE sip:a")
                await edge.until(lambda: len(edge.messages) > len(edge.closed))
                end(peer)
                await edge.until(lambda: len(edge.closed) == len(edge.opened))
            reasons = [closed.reason for closed in edge.closed]
            assert reasons == [
                "the connection broke: connection reset by peer",
                "the peer closed the connection in the middle of a message",
            ]

    with caplog.at_level(logging.INFO, "sipedge"):
        run(test)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("sipedge")]
    assert len(lines) == 2 and all("TCP 127.0.0.1:" in line and '(listener "plain")' in line for line in lines)


def test_garbage_and_tls_on_a_plain_port(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            for data in (b"\x16\x03\x01\x02\x00\x01", b"\0\0\0\0", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
                peer = await connect_raw(edge.address)
                await asyncio.get_running_loop().sock_sendall(peer, data)
                assert await receive(peer) == b""
                peer.close()
            await edge.until(lambda: len(edge.closed) == 3)
            assert edge.messages == [] and all("framing is lost" in closed.reason for closed in edge.closed)

    run(test)


def test_a_peer_that_does_not_read_delays_nobody(run: Run) -> None:
    async def test() -> None:
        limits = replace(LIMITS, send_queue=1024 * 1024, message_time=60.0)
        async with await Edge.start(listener=TCP, limits=limits) as edge:
            edge.on_message = lambda number, got: edge.connections.send(number, got.to_bytes()) and None
            slow = await connect_raw(edge.address, receive_buffer=4096)
            await edge.until(lambda: edge.opened)
            quick = await connect_raw(edge.address)
            loop = asyncio.get_running_loop()
            waits = []
            while not edge.closed:
                edge.connections.send(edge.opened[0].connection, message(b"x" * 60000))
                begin = loop.time()
                await loop.sock_sendall(quick, message(b"quick"))
                await receive(quick, lambda got: got == message(b"quick"))
                waits.append(loop.time() - begin)
            assert "does not read" in edge.closed[0].reason
            assert edge.closed[0].connection == edge.opened[0].connection
            assert len(waits) > 10 and sorted(waits)[len(waits) // 2] < 0.05
            slow.close()
            quick.close()

    run(test)


def test_a_peer_whose_answers_pile_up_is_not_read(run: Run) -> None:
    """It sends 8 MB of requests and reads no answer: the edge takes in far less, and all comes when it reads."""

    async def test() -> None:
        async with await Edge.start(listener=TCP) as edge:
            edge.on_message = lambda number, got: edge.connections.send(number, got.to_bytes()) and None
            peer = await connect_raw(edge.address)
            loop = asyncio.get_running_loop()
            data = message(b"x" * 50000)
            sender = asyncio.create_task(loop.sock_sendall(peer, data * 300))
            await edge.until(lambda: edge.connections.counts().blocked)
            await asyncio.sleep(0.1)
            taken = len(edge.messages)
            assert not sender.done() and taken < 250
            await asyncio.sleep(0.1)
            assert len(edge.messages) == taken
            assert len(await receive(peer, lambda got: len(got) >= 300 * len(data))) == 300 * len(data)
            await sender
            peer.close()

    run(test)


@pytest.mark.parametrize("messages", [5, 60])
def test_a_peer_that_never_reads_again_is_closed(run: Run, messages: int) -> None:
    """Whether the bytes wait in the kernel alone or here as well."""

    async def test() -> None:
        async with await Edge.start(listener=TCP, limits=replace(LIMITS, message_time=0.5)) as edge:
            peer = await connect_raw(edge.address, receive_buffer=4096)
            await edge.until(lambda: edge.opened)
            for _ in range(messages):
                edge.connections.send(edge.opened[0].connection, message(b"x" * 60000))
            await edge.until(lambda: edge.closed)
            assert edge.closed[0].reason == "the connection broke: connection timed out"
            peer.close()

    run(test)
