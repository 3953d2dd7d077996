"""Who may connect: TLS against OpenSSL's own tools, and limits."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.connections import FAR, LIMITS, LISTENER, Run, hop, zone
from support.edge import Edge, connect_raw, message, receive, settings_for
from support.openssl_tool import OpenSslTool

from sipedge.edge.logs.rate_limit import RateLimit, kind_of
from sipedge.network.record import Counts
from sipedge.settings import Tls
from zones.key_usage import CLIENT_AUTH, SERVER_AUTH
from zones.zone import ExtendedKeyUsage

pytestmark = pytest.mark.e2e


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
    assert (leaf is None) == (f"; it is 'CN={FAR}' ({FAR}), issued by '" not in line)


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
            assert edge.connections.counts() == Counts(open=0, accepted=0, sources=0, blocked=0)

    run(test)
    lines = [record for record in caplog.records if "too many connections from 127.0.0.1" in record.getMessage()]
    assert len(lines) == 20
    assert [kind.source for kind in set(map(kind_of, lines))] == ["127.0.0.1"]


def test_bad_handshakes_of_others_hide_nobodys(run: Run, tls: Tls, caplog: pytest.LogCaptureFixture) -> None:
    """The lines of each address are limited for themselves: forty of three leave those of a fourth alone."""

    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER, limits=replace(LIMITS, ban_after=0)) as edge:
            for number in range(41):
                source = f"127.0.0.{2 + number % 3}" if number < 40 else "127.0.0.9"
                reader, writer = await asyncio.open_connection(*edge.address, local_addr=(source, 0))
                writer.write(b"no handshake")
                await reader.read()  # the alert, up to the end
                writer.close()

    run(test)
    limit = RateLimit(burst=2)
    passed = [kind_of(record).source for record in caplog.records if limit.filter(record)]
    assert sorted(passed) == [f"127.0.0.{number}" for number in (2, 2, 3, 3, 4, 4, 9)]


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
            await edge.until(lambda: len(edge.opened) == 4 and len(edge.closed) == 2)  # its own listener has no room
            for raw in raws:
                raw.close()
            await edge.until(lambda: len(edge.closed) == len(edge.opened) == 4)

    run(test)
