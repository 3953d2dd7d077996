"""Whom the edge connects to: the names in certificates, versions, refusals."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.connections import FAR, LIMITS, Run, hop, zone
from support.edge import Edge, connect_raw, message
from support.openssl_tool import OpenSslTool, trusting

from sipedge.settings import Tls
from zones.key_usage import SERVER_AUTH
from zones.zone import ExtendedKeyUsage, Hop, NeighborZone, TlsPolicy

pytestmark = pytest.mark.e2e


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
