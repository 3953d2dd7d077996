"""Reload and drain: which connections stay, which end and when."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import replace

import pytest
from support.certificates import Ca, issue
from support.connections import FAR, LIMITS, LISTENER, Run, hop, zone
from support.edge import Edge, connect_raw, message, receive, settings_for
from support.openssl_tool import OpenSslTool

from sipedge.edge.logs.rate_limit import RateLimit
from sipedge.network.tls import TlsContexts
from sipedge.settings import Listener, Tls

pytestmark = pytest.mark.e2e


def test_reload(run: Run, ca: Ca) -> None:
    """New certificates both ways; old connections still carry what is under way, take nothing new, and end."""

    async def test() -> None:
        far_leaf = issue(ca, names=[FAR])
        far_listener = Listener("far", "127.0.0.1", 0)
        async with await Edge.start(settings_for(ca, far_leaf), listener=far_listener) as far:
            own = ca.folder / "own"
            tls = settings_for(ca, issue(ca, names=["old.example.com"], out=own))
            async with await Edge.start(tls, zones=[zone()], listener=LISTENER) as edge:
                target = hop(far.address[1])
                edge.connections.connect(target, zone().tls)
                await edge.until(lambda: edge.opened)
                async with await OpenSslTool.client(edge.address, leaf=far_leaf) as early:
                    await early.seen(rb"subject=CN = old\.")
                    await edge.until(lambda: len(edge.opened) == 2)
                    issue(ca, names=["new.example.com"], out=own)
                    contexts = TlsContexts(tls, [LISTENER], [zone()])
                    first = edge.opened[0].connection
                    edge.used = {one.connection for one in edge.opened}
                    edge.connections.reload(limits=LIMITS, tls=contexts, retire_within=60.0)
                    assert edge.connections.find(target) is None
                    assert edge.connections.send(first, message(b"under way"))
                    await far.until(lambda: far.messages)
                    edge.connections.connect(target, zone().tls)
                    async with await OpenSslTool.client(edge.address, leaf=far_leaf) as late:
                        await late.seen(rb"subject=CN = new\.")
                        await edge.until(lambda: len(edge.opened) == 4)
                        assert edge.closed == [], "what is under way has its time"
                        edge.used.clear()
                        await edge.until(lambda: len(edge.closed) == 2)
                        assert [one.names for one in far.opened] == [("old.example.com",), ("new.example.com",)]
                        assert {one.reason for one in edge.closed} == {"its last transaction has ended"}
                        assert edge.connections.find(target) not in (None, first)

    run(test)


def test_plain_connections_survive_a_reload(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=replace(LISTENER, transport="TCP")) as edge:
            target = replace(hop(edge.address[1]), transport="TCP")
            edge.connections.connect(target)
            await edge.until(lambda: len(edge.opened) == 2)
            edge.connections.reload(limits=LIMITS, tls=TlsContexts(Tls()), retire_within=60.0)
            assert edge.connections.find(target) and edge.closed == []

    run(test)


def test_open_connections_are_held_to_new_limits(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=replace(LISTENER, transport="TCP")) as edge:
            peer = await connect_raw(edge.address)
            await edge.until(lambda: edge.opened)
            edge.connections.reload(limits=replace(LIMITS, message=1000), tls=TlsContexts(Tls()), retire_within=60.0)
            await asyncio.get_running_loop().sock_sendall(peer, message(b"x" * 1000))
            await edge.until(lambda: edge.malformed)
            assert "longer than 1000 bytes" in str(edge.malformed[0][1])
            peer.close()

    run(test)


def test_drain_and_end(run: Run) -> None:
    async def test() -> None:
        edge = await Edge.start(listener=replace(LISTENER, transport="TCP"))
        peer, deaf = [await connect_raw(edge.address, receive_buffer=4096) for _ in range(2)]
        await edge.until(lambda: len(edge.opened) == 2)
        by_port = {opened.peer_port: opened.connection for opened in edge.opened}
        done: list[bool] = []
        drain = asyncio.create_task(edge.connections.drain(10, lambda: bool(done)))
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectionRefusedError):
            await connect_raw(edge.address)
        await asyncio.get_running_loop().sock_sendall(peer, message())
        await edge.until(lambda: edge.messages)
        assert not drain.done()
        done.append(True)
        await drain
        edge.connections.send(by_port[deaf.getsockname()[1]], b"x" * 3_000_000)
        edge.connections.send(by_port[peer.getsockname()[1]], b"last words")
        await edge.connections.aclose()
        assert await receive(peer) == b"last words"
        assert len(edge.closed) == 2
        for raw in (peer, deaf):
            raw.close()

    run(test)


def test_end_while_connecting(run: Run, tls: Tls) -> None:
    async def test() -> None:
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen(5)
            async with await Edge.start(tls, zones=[zone()]) as edge:
                edge.connections.connect(hop(mute.getsockname()[1]), zone().tls)
            assert edge.opened == []

    run(test)


def test_stop_listening(run: Run) -> None:
    async def test() -> None:
        async with await Edge.start(listener=replace(LISTENER, transport="TCP")) as edge:
            raw = await connect_raw(edge.address)
            await edge.until(lambda: edge.opened)
            edge.connections.listening.close()
            with pytest.raises(ConnectionRefusedError):
                await connect_raw(edge.address)
            assert edge.closed == []
            raw.close()

    run(test)


def test_quiet_logs(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """A stranger who makes a hundred mistakes makes lines of one kind, and none when it ends."""

    async def test() -> None:
        async with await Edge.start(listener=replace(LISTENER, transport="TCP")) as edge:
            raw = await connect_raw(edge.address)
            bad = b"no start line\r\nContent-Length: 0\r\n\r\n" + message()
            await asyncio.get_running_loop().sock_sendall(raw, bad * 100)
            await edge.until(lambda: len(edge.malformed) == 100)
            raw.close()

    with caplog.at_level(logging.INFO, "sipedge"):
        run(test)
    limit = RateLimit(burst=10)
    records = [record for record in caplog.records if record.name.startswith("sipedge")]
    assert len([record for record in records if limit.filter(record)]) == 10


def test_a_reload_that_changes_nothing_of_tls_drains_nothing(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        tool, port = await OpenSslTool.server(issue(ca, names=[FAR]))
        async with tool, await Edge.start(tls, zones=[zone()]) as edge:
            edge.connections.connect(hop(port), zone().tls)
            await edge.until(lambda: edge.opened)
            edge.connections.reload(limits=LIMITS, tls=TlsContexts(tls, [], [zone()]), retire_within=60.0)
            assert edge.connections.find(hop(port)) == edge.opened[0].connection
            changed = TlsContexts(tls, [], [zone(verify=False)])
            edge.connections.reload(limits=LIMITS, tls=changed, retire_within=60.0)
            assert edge.connections.find(hop(port)) is None
            await edge.until(lambda: edge.closed)

    run(test)
