"""Who may connect and who may use which connection: TLS against OpenSSL's own tools, limits, reload, drain."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.edge import LOOPS, Edge, connect_raw, message, receive, run_in, settings_for
from support.openssl_tool import OpenSslTool, trusting

from sipedge.settings import Limits, Listener, Tls
from sipedge.tls import TlsContexts
from zones.key_usage import CLIENT_AUTH, SERVER_AUTH
from zones.zone import ExtendedKeyUsage, Hop, NeighborZone, TlsPolicy

pytestmark = pytest.mark.e2e
LISTENER = Listener("federation", "127.0.0.1", 0)
LIMITS = Limits()
FAR = "far.example.com"
Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    return lambda test: run_in(request.param, test)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return make_ca(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def tls(ca: Ca) -> Tls:
    return settings_for(ca, issue(ca, names=["edge.example.com"]))


def zone(**policy: Any) -> NeighborZone:
    return NeighborZone(name="far", peers=(FAR,), tls=TlsPolicy(**policy))


def hop(port: int, name: str = FAR, zone: str = "far") -> Hop:
    return Hop(zone, "TLS", "127.0.0.1", port, name)


# ------------------------------------------------------------------------------------------------------- accepted


@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_accepted(run: Run, ca: Ca, tls: Tls, version: str) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER) as edge:
            edge.on_message = lambda number, got: edge.connections.send(number, b"<answer>") and None
            options = ("-CAfile", str(ca.certificate), f"-tls{version}")
            leaf = issue(ca, names=[FAR], cn="Far Away", eku=["client"])
            async with await OpenSslTool.client(edge.address, *options, leaf=leaf) as peer:
                peer.write(message(b"hello"))
                assert b"Verify return code: 0 (ok)" in await peer.seen(b"<answer>")
            await edge.until(lambda: edge.closed)
            (opened,) = edge.opened
            assert (opened.transport, opened.listener, opened.zone) == ("TLS", "federation", None)
            assert (opened.names, opened.has_certificate) == ((FAR,), True)
            assert opened.tls_version == version.replace("_", ".")
            assert opened.key_usages == {CLIENT_AUTH}
            assert edge.messages[0][1].body == b"hello"

    run(test)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("two.example.com", "two"), ("any.wild.example.com", "wild"), ("else.example.com", "one"), ("", "one")],
)
def test_identity_by_sni(run: Run, ca: Ca, asked: str, shown: str) -> None:
    async def test() -> None:
        leaves = [
            issue(ca, names=["one.example.com"], cn="one"),
            issue(ca, names=["two.example.com"], cn="two"),
            issue(ca, names=["*.wild.example.com"], cn="wild"),
        ]
        async with await Edge.start(settings_for(ca, *leaves), listener=LISTENER) as edge:
            options = ("-servername", asked) if asked else ("-noservername",)
            async with await OpenSslTool.client(edge.address, *options, leaf=leaves[0]) as peer:
                await peer.seen(rb"subject=CN = %s\n" % shown.encode())
                await edge.until(lambda: edge.opened)

    run(test)


def _strangers(ca: Ca) -> dict[str, tuple[Leaf | None, str, bytes]]:
    return {
        "none": (None, "peer did not return a certificate", b"certificate required|handshake failure"),
        "untrusted": (issue(make_ca(ca.folder, "Other CA"), names=[FAR]), "unable to get local issuer", b"unknown ca"),
        "expired": (issue(ca, names=[FAR], days=-1), "certificate has expired", b"certificate expired"),
        "server only": (issue(ca, names=[FAR], eku=["server"]), "unsuitable certificate purpose", b"alert unsupported"),
    }


@pytest.mark.parametrize("kind", ["none", "untrusted", "expired", "server only"])
@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_refused_client_certificates(
    run: Run, ca: Ca, tls: Tls, kind: str, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The handshake fails, the peer is told why by an alert, and there is one line that says it."""
    leaf, reason, alert = _strangers(ca)[kind]

    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER) as edge:
            async with await OpenSslTool.client(edge.address, f"-tls{version}", leaf=leaf) as peer:
                peer.write(message())
                await peer.seen(alert)
                await peer.end()
            assert edge.opened == edge.messages == []
            assert edge.connections.refused == {("", "handshake"): 1}

    run(test)
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("sipedge")]
    assert "TLS 127.0.0.1:" in line and '(listener "federation")' in line and reason in line


@pytest.mark.parametrize("policy", [ExtendedKeyUsage.WARN, ExtendedKeyUsage.OFF])
def test_a_zone_that_tolerates_key_usages(run: Run, ca: Ca, tls: Tls, policy: ExtendedKeyUsage) -> None:
    """Then the certificate passes and its usages are told; chain and dates are checked as ever."""

    async def test() -> None:
        zones = [zone(extended_key_usage=policy)]
        async with await Edge.start(tls, zones=zones, listener=LISTENER) as edge:
            good = issue(ca, names=[FAR], eku=["server"])
            async with await OpenSslTool.client(edge.address, leaf=good):
                await edge.until(lambda: edge.opened)
            assert edge.opened[0].key_usages == {SERVER_AUTH}
            for kind in ("none", "untrusted", "expired"):
                leaf, _, alert = _strangers(ca)[kind]
                async with await OpenSslTool.client(edge.address, leaf=leaf) as peer:
                    await peer.seen(alert)
            assert len(edge.opened) == 1

    run(test)


def test_certificate_optional(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=replace(LISTENER, client_certificate=False)) as edge:
            async with await OpenSslTool.client(edge.address):
                await edge.until(lambda: edge.opened)
            assert not edge.opened[0].has_certificate and edge.opened[0].names == ()

    run(test)


def test_old_versions_and_resumption(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        leaf = issue(ca, names=[FAR])
        async with await Edge.start(tls, listener=LISTENER) as edge:
            old = ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
            async with await OpenSslTool.client(edge.address, *old, leaf=leaf) as peer:
                await peer.seen(b"alert protocol version")
            async with await OpenSslTool.client(edge.address, "-tls1_2", "-reconnect", leaf=leaf) as peer:
                await edge.until(lambda: len(edge.opened) == 6)
                assert b"Reused" not in await peer.seen(b"(?s)(New, TLSv1.2.*){6}")

    run(test)


def test_closed_by_the_core_before_anything_is_delivered(run: Run, ca: Ca, tls: Tls) -> None:
    """The message comes in one segment with the end of the handshake."""

    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER) as edge:
            edge.on_opened = lambda opened: edge.connections.close(opened.connection, "not wanted")
            leaf = issue(ca, names=[FAR])
            context = ssl.create_default_context(cafile=ca.certificate)
            context.load_cert_chain(leaf.certificate, leaf.key)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(incoming, outgoing, server_hostname="edge.example.com")
            raw = await connect_raw(edge.address)
            loop = asyncio.get_running_loop()
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    await loop.sock_sendall(raw, outgoing.read())
                    incoming.write(await loop.sock_recv(raw, 65536))
            client.write(message())
            await loop.sock_sendall(raw, outgoing.read())
            await edge.until(lambda: edge.closed)
            assert edge.closed[0].reason == "not wanted" and edge.messages == []
            raw.close()

    run(test)


def test_what_one_turn_sends_is_one_tls_record(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER) as edge:

            def answer(opened: object) -> None:
                for part in (b"one", b"two", b"three"):
                    edge.connections.send(1, part)

            edge.on_opened = answer
            leaf = issue(ca, names=[FAR])
            async with await OpenSslTool.client(edge.address, "-msg", "-tls1_3", leaf=leaf) as peer:
                output = await peer.seen(b"onetwothree")
            assert output.count(b"Inner Content Type = ApplicationData") <= 1

    run(test)


@pytest.mark.parametrize("data", [b"OPTIONS sip:edge SIP/2.0\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\x00\x05hello"])
def test_garbage_instead_of_tls(run: Run, tls: Tls, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER) as edge:
            raw = await connect_raw(edge.address)
            await asyncio.get_running_loop().sock_sendall(raw, data)
            await receive(raw)
            raw.close()

    run(test)
    (record,) = [record for record in caplog.records if record.name.startswith("sipedge")]
    assert "TLS handshake: " in record.getMessage()


def test_handshakes_that_stop_half_way(run: Run, tls: Tls, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=replace(LIMITS, handshake=0.3)) as edge:
            silent, brief = [await connect_raw(edge.address) for _ in range(2)]
            await asyncio.get_running_loop().sock_sendall(brief, b"\x16\x03\x01")
            brief.close()
            await receive(silent)
            silent.close()

    run(test)
    lines = sorted(r.getMessage().partition("): ")[2] for r in caplog.records if r.name.startswith("sipedge"))
    assert lines == [
        "the TLS handshake took too long",
        "the peer closed the connection during the TLS handshake",
    ]


def test_connections_are_bounded(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        limits = replace(LIMITS, connections=5, connections_per_source=3)
        async with await Edge.start(listener=replace(LISTENER, transport="TCP"), limits=limits) as edge:
            mine = [await connect_raw(edge.address) for _ in range(3)]
            await edge.until(lambda: len(edge.opened) == 3)
            for _ in range(20):
                refused = await connect_raw(edge.address)
                assert await receive(refused) == b""
                refused.close()
            mine.pop().close()
            await edge.until(lambda: edge.closed)
            mine.append(await connect_raw(edge.address))
            await edge.until(lambda: len(edge.opened) == 4)
            for raw in mine:
                raw.close()
            await edge.until(lambda: len(edge.closed) == 4)
            assert edge.connections._sources == {} and edge.connections._accepted == 0

    run(test)
    lines = [record for record in caplog.records if "too many connections from 127.0.0.1" in record.getMessage()]
    assert len(lines) == 10


def test_connections_in_all_are_bounded(run: Run) -> None:
    async def test() -> None:
        limits = replace(LIMITS, connections=2)
        async with await Edge.start(listener=replace(LISTENER, transport="TCP"), limits=limits) as edge:
            raws = [await connect_raw(edge.address) for _ in range(3)]
            assert await receive(raws[2]) == b""
            assert len(edge.opened) == 2
            for number in range(3):
                edge.connections.connect(replace(hop(edge.address[1], str(number)), transport="TCP"))
            await edge.until(lambda: edge.failed)
            assert edge.failed[0].reason == "too many connections are open"
            assert edge.connections.refused["", "limit"] and edge.connections.refused["far", "connect"]
            for raw in raws:
                raw.close()
            await edge.until(lambda: len(edge.closed) == len(edge.opened) == 4)

    run(test)


# --------------------------------------------------------------------------------------------------------- opened


@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_opened(run: Run, ca: Ca, tls: Tls, version: str) -> None:
    async def test() -> None:
        server = issue(ca, names=[FAR, "other.example.com"], eku=["server"])
        tool, port = await OpenSslTool.server(server, f"-tls{version}", *trusting(ca.certificate))
        async with tool, await Edge.start(tls, zones=[zone()]) as edge:
            for _ in range(3):
                edge.connections.connect(hop(port), zone().tls)
            await edge.until(lambda: edge.opened)
            (opened,) = edge.opened
            assert (opened.zone, opened.listener, opened.hop) == ("far", None, hop(port))
            assert (opened.peer_address, opened.peer_port) == ("127.0.0.1", port)
            assert opened.names == (FAR, "other.example.com") and opened.key_usages == {SERVER_AUTH}
            edge.connections.send(opened.connection, message(b"<hello>"))
            assert b"CN = edge.example.com" in await tool.seen(b"<hello>")
            tool.write(message(b"x" * 60000))
            await edge.until(lambda: edge.messages)
            assert len(edge.messages[0][1].body) == 60000

            find = edge.connections.find
            assert find(hop(port)) == opened.connection
            assert find(Hop("far", connection=opened.connection)) == opened.connection
            assert find(hop(port, "other.example.com")) is None
            assert find(hop(port, zone="near")) is None
            assert find(replace(hop(port), transport="TCP")) is None
            assert find(hop(port + 1)) is None
            edge.connections.connect(hop(port), zone().tls)
            edge.connections.close(opened.connection, "enough")
            assert find(hop(port)) is None and find(Hop("far", connection=opened.connection)) is None
            await edge.until(lambda: edge.closed)
            assert len(edge.opened) == 1 and edge.failed == []

    run(test)


def _judged(run: Run, ca: Ca, tls: Tls, server: Leaf, policy: TlsPolicy, name: str = FAR) -> str:
    """'' when a connection to an ``s_server`` with this certificate came about, else why it did not."""
    reasons: list[str] = []

    async def test() -> None:
        tool, port = await OpenSslTool.server(server)
        far = NeighborZone(name="far", peers=(FAR,), tls=policy)
        async with tool, await Edge.start(tls, zones=[far]) as edge:
            edge.connections.connect(hop(port, name), policy)
            await edge.until(lambda: edge.opened or edge.failed)
            assert len(edge.opened) + len(edge.failed) == 1 and edge.closed == []
            reasons.append(edge.failed[0].reason if edge.failed else "")
            if edge.failed:
                assert (edge.failed[0].zone, edge.failed[0].port, edge.failed[0].hop) == ("far", port, hop(port, name))

    run(test)
    return reasons[0]


def test_other_name(run: Run, ca: Ca, tls: Tls) -> None:
    server = issue(ca, names=["evil.example.com"], cn=FAR)
    reason = _judged(run, ca, tls, server, TlsPolicy())
    assert reason == f'zone "far": the certificate presents evil.example.com; expected {FAR}'
    assert _judged(run, ca, tls, server, TlsPolicy(verify=False)) == ""
    assert _judged(run, ca, tls, server, TlsPolicy(subject_names=("evil.example.com",))) == ""


def test_common_name(run: Run, ca: Ca, tls: Tls) -> None:
    assert _judged(run, ca, tls, issue(ca, cn=FAR), TlsPolicy()) == ""
    assert "expected" in _judged(run, ca, tls, issue(ca, cn=FAR, ips=["127.0.0.1"]), TlsPolicy())


def test_wildcard(run: Run, ca: Ca, tls: Tls) -> None:
    server = issue(ca, names=["*.example.com"])
    assert _judged(run, ca, tls, server, TlsPolicy(wildcards=True)) == ""
    assert "expected" in _judged(run, ca, tls, server, TlsPolicy())


def test_nul_in_a_name(run: Run, ca: Ca, tls: Tls) -> None:
    server = issue(ca, names=[f"{FAR}\0.evil.example"], cn="evil")
    assert "the certificate presents none" in _judged(run, ca, tls, server, TlsPolicy())


def test_name_that_is_an_address(run: Run, ca: Ca, tls: Tls) -> None:
    assert _judged(run, ca, tls, issue(ca, cn="x", ips=["127.0.0.1"]), TlsPolicy(), "127.0.0.1") == ""


def test_untrusted_and_expired(run: Run, ca: Ca, tls: Tls) -> None:
    other = issue(make_ca(ca.folder, "Other CA"), names=[FAR])
    for policy in (TlsPolicy(), TlsPolicy(verify=False), TlsPolicy(extended_key_usage=ExtendedKeyUsage.OFF)):
        assert "unable to get local issuer" in _judged(run, ca, tls, other, policy)
        assert "expired" in _judged(run, ca, tls, issue(ca, names=[FAR], days=-1), policy)


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        (ExtendedKeyUsage.STRICT, "unsuitable certificate purpose"),
        (ExtendedKeyUsage.WARN, ""),
        (ExtendedKeyUsage.OFF, ""),
    ],
)
def test_server_without_server_usage(
    run: Run, ca: Ca, tls: Tls, policy: ExtendedKeyUsage, refused: str, caplog: pytest.LogCaptureFixture
) -> None:
    reason = _judged(run, ca, tls, issue(ca, names=[FAR], eku=["client"]), TlsPolicy(extended_key_usage=policy))
    assert refused in reason and bool(reason) == bool(refused)
    assert ("not meant for serverAuth" in caplog.text) == (policy is ExtendedKeyUsage.WARN)


def test_minimum_version(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        tool, port = await OpenSslTool.server(issue(ca, names=[FAR]), "-tls1_2")
        strict = zone(minimum_version="1.3")
        async with tool, await Edge.start(tls, zones=[strict]) as edge:
            edge.connections.connect(hop(port), strict.tls)
            await edge.until(lambda: edge.failed)
            assert "protocol version" in edge.failed[0].reason

    run(test)


@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_our_certificate_is_refused(run: Run, ca: Ca, tls: Tls, version: str) -> None:
    """In TLS 1.3 that comes after our side of the handshake is over: opened, then closed with the peer's alert."""

    async def test() -> None:
        other = make_ca(ca.folder, "Other CA")
        server = issue(ca, names=[FAR])
        tool, port = await OpenSslTool.server(server, f"-tls{version}", *trusting(other.certificate))
        async with tool, await Edge.start(tls, zones=[zone()]) as edge:
            edge.connections.connect(hop(port), zone().tls)
            await edge.until(lambda: edge.failed or edge.closed)
            reason = edge.failed[0].reason if version == "1_2" else edge.closed[0].reason
            assert "the peer sent the TLS alert 'unknown ca'" in reason

    run(test)


def test_nobody_there(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        with socket.socket() as unused, socket.socket() as full, socket.socket() as mute:
            unused.bind(("127.0.0.1", 0))
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            mute.bind(("127.0.0.1", 0))
            mute.listen(5)
            limits = replace(LIMITS, connect=0.3, handshake=0.3)
            in_the_way = [await connect_raw(full.getsockname())]
            async with await Edge.start(tls, zones=[zone()], limits=limits) as edge:
                for listening in (unused, full, mute):
                    edge.connections.connect(hop(listening.getsockname()[1]), zone().tls)
                await edge.until(lambda: len(edge.failed) == 3)
                reasons = {failed.port: failed.reason for failed in edge.failed}
                assert "refused" in reasons[unused.getsockname()[1]]
                assert reasons[full.getsockname()[1]] == "no answer in 0.3 s"
                assert reasons[mute.getsockname()[1]] == "the TLS handshake took too long"
            for raw in in_the_way:
                raw.close()

    run(test)


def test_a_name_that_cannot_be_asked_for(run: Run, tls: Tls) -> None:
    async def test() -> None:
        async with await Edge.start(tls, zones=[zone()]) as edge:
            with socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                for name in ("", "..", "x" * 300, "a\0b", "*.example.com", ".example.com"):
                    edge.connections.connect(hop(unused.getsockname()[1], name), zone().tls)
                await edge.until(lambda: len(edge.failed) == 6)

    run(test)


# ------------------------------------------------------------------------------------------------- reload, drain


def test_reload(run: Run, ca: Ca) -> None:
    """New certificates both ways; old connections still carry what is under way, take nothing new, and end."""

    async def test() -> None:
        far_leaf = issue(ca, names=[FAR])
        far_listener = Listener("far", "127.0.0.1", 0)
        async with await Edge.start(settings_for(ca, far_leaf), listener=far_listener) as far:
            own, limits = ca.folder / "own", replace(LIMITS, drain=0.5)
            tls = settings_for(ca, issue(ca, names=["old.example.com"], out=own))
            async with await Edge.start(tls, zones=[zone()], listener=LISTENER, limits=limits) as edge:
                target = hop(far.address[1])
                edge.connections.connect(target, zone().tls)
                await edge.until(lambda: edge.opened)
                async with await OpenSslTool.client(edge.address, leaf=far_leaf) as early:
                    await early.seen(rb"subject=CN = old\.")
                    await edge.until(lambda: len(edge.opened) == 2)
                    issue(ca, names=["new.example.com"], out=own)
                    contexts = TlsContexts(tls, [LISTENER], [zone()])
                    edge.connections.reload(limits=limits, tls=contexts)
                    first = edge.opened[0].connection
                    assert edge.connections.find(target) is None
                    assert edge.connections.send(first, message(b"under way"))
                    await far.until(lambda: far.messages)
                    edge.connections.connect(target, zone().tls)
                    async with await OpenSslTool.client(edge.address, leaf=far_leaf) as late:
                        await late.seen(rb"subject=CN = new\.")
                        await edge.until(lambda: len(edge.closed) == 2)
                        assert [one.names for one in far.opened] == [("old.example.com",), ("new.example.com",)]
                        assert {one.reason for one in edge.closed} == {"drained after a reload"}
                        assert edge.connections.find(target) not in (None, first)

    run(test)


def test_plain_connections_survive_a_reload(run: Run) -> None:
    async def test() -> None:
        limits = replace(LIMITS, drain=0.1)
        async with await Edge.start(listener=replace(LISTENER, transport="TCP"), limits=limits) as edge:
            target = replace(hop(edge.address[1]), transport="TCP")
            edge.connections.connect(target)
            await edge.until(lambda: len(edge.opened) == 2)
            edge.connections.reload(limits=limits, tls=TlsContexts(Tls()))
            await asyncio.sleep(0.3)
            assert edge.connections.find(target) and edge.closed == []

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
            edge.connections.stop_listening("federation")
            edge.connections.stop_listening("no such listener")
            with pytest.raises(ConnectionRefusedError):
                await connect_raw(edge.address)
            assert edge.closed == []
            raw.close()

    run(test)


def test_quiet_logs(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """A stranger who makes a hundred mistakes makes ten lines."""

    async def test() -> None:
        async with await Edge.start(listener=replace(LISTENER, transport="TCP")) as edge:
            raw = await connect_raw(edge.address)
            bad = b"no start line\r\nContent-Length: 0\r\n\r\n" + message()
            await asyncio.get_running_loop().sock_sendall(raw, bad * 100)
            await edge.until(lambda: len(edge.malformed) == 100)
            raw.close()

    with caplog.at_level(logging.INFO, "sipedge"):
        run(test)
    assert len([record for record in caplog.records if record.name.startswith("sipedge")]) == 10


def test_a_reload_that_changes_nothing_of_tls_drains_nothing(run: Run, ca: Ca, tls: Tls) -> None:
    async def test() -> None:
        limits = replace(LIMITS, drain=0.1)
        tool, port = await OpenSslTool.server(issue(ca, names=[FAR]))
        async with tool, await Edge.start(tls, zones=[zone()], limits=limits) as edge:
            edge.connections.connect(hop(port), zone().tls)
            await edge.until(lambda: edge.opened)
            edge.connections.reload(limits=limits, tls=TlsContexts(tls, [], [zone()]))
            assert edge.connections.find(hop(port)) == edge.opened[0].connection
            edge.connections.reload(limits=limits, tls=TlsContexts(tls, [], [zone(verify=False)]))
            assert edge.connections.find(hop(port)) is None
            await edge.until(lambda: edge.closed)

    run(test)
