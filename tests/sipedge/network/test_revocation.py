"""Revocation lists in files, and what becomes of connections in both directions."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from support.certificates import Ca, Leaf, issue, make_ca, revoke
from support.connections import FAR, LISTENER, Run, hop
from support.edge import Edge
from support.openssl_tool import OpenSslTool

from sipedge.network import revocation
from sipedge.network.revocation import Revocations
from sipedge.settings import Tls
from zones.zone import NeighborZone, Revocation, TlsPolicy

pytestmark = pytest.mark.e2e


def far(mode: Revocation, *places: Path) -> NeighborZone:
    policy = TlsPolicy(revocation=mode, crl=tuple(map(str, places)))
    return NeighborZone(name="far", peers=(FAR,), tls=policy)


def outbound(run: Run, tls: Tls, server: Leaf, zone: NeighborZone) -> str:
    """'' when a connection to a server with this certificate came about, else why it did not."""
    reasons: list[str] = []

    async def test() -> None:
        tool, port = await OpenSslTool.server(server)
        async with tool, await Edge.start(tls, zones=[zone]) as edge:
            edge.connections.connect(hop(port), zone.tls)
            await edge.until(lambda: edge.opened or edge.failed)
            reasons.append(edge.failed[0].reason if edge.failed else "")

    run(test)
    return reasons[0]


def test_soft_and_hard_where_the_edge_connects(
    run: Run, ca: Ca, tls: Tls, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = issue(ca, names=[FAR]), issue(ca, names=[FAR])
    lists, old = revoke(ca, bad.serial, out=tmp_path / "a.crl"), revoke(ca, days=-1, out=tmp_path / "old.crl")
    for mode in (Revocation.SOFT, Revocation.HARD):
        assert outbound(run, tls, good, far(mode, lists)) == ""
        assert "is revoked by" in outbound(run, tls, bad, far(mode, lists))
        assert "is revoked by" in outbound(run, tls, bad, far(mode, tmp_path))
    assert "has expired" in outbound(run, tls, good, far(Revocation.HARD, old))
    assert not any("has expired" in line and "nobody knows" in line for line in caplog.messages[:-1])
    caplog.clear()
    assert outbound(run, tls, good, far(Revocation.SOFT, old)) == ""
    assert any("has expired" in line for line in caplog.messages)
    assert outbound(run, tls, bad, far(Revocation.OFF, lists)) == ""


def test_a_peer_that_connects_is_judged_for_its_zone(run: Run, ca: Ca, tls: Tls, tmp_path: Path) -> None:
    good, bad = issue(ca, names=[FAR]), issue(ca, names=[FAR])
    zone = far(Revocation.HARD, revoke(ca, bad.serial, out=tmp_path / "a.crl"))

    async def test() -> None:
        async with await Edge.start(tls, zones=[zone], listener=LISTENER) as edge:
            for leaf, revoked in ((good, False), (bad, True)):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.load_verify_locations(ca.certificate)
                context.load_cert_chain(leaf.certificate, leaf.key)
                _, writer = await asyncio.open_connection(*edge.address, ssl=context)
                await edge.until(lambda: len(edge.opened) == 1)
                number = edge.opened.pop().connection
                assert ("is revoked by" in edge.connections.revocation(number, "far").refused) == revoked
                assert edge.connections.revocation(number, "another").refused == ""
                writer.close()

    run(test)


def ended(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 10))


def held(revocations: Revocations) -> dict[str, int]:
    return {Path(file).name: len(read.list.serials) for file, read in revocations.known.items()}


def test_files_are_read_anew_and_the_last_good_list_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ca, folder = make_ca(tmp_path), tmp_path / "lists"
    folder.mkdir()
    one, two = folder / "one.crl", folder / "two.crl"
    revoke(ca, 1, out=one)

    async def test() -> None:
        revocations, read, changes = Revocations([far(Revocation.SOFT, folder)]), asyncio.Event(), list[int]()

        def interval() -> float:
            read.set()
            return 0.01

        keeper = asyncio.create_task(
            revocations.keep_fresh(interval, lambda: changes.append(len(revocations.known)), lambda: None)
        )

        async def again() -> None:
            for _ in range(2):  # the first one may have begun before
                read.clear()
                await read.wait()

        assert held(revocations) == {"one.crl": 1}
        before = revocations.known[str(one)]
        revoke(ca, 1, 2, 3, out=two)
        await again()
        assert held(revocations) == {"one.crl": 1, "two.crl": 3} and revocations.known[str(one)] is before
        two.write_text("half of it")
        await again()
        assert held(revocations) == {"one.crl": 1, "two.crl": 3}
        assert any("two.crl: holds no revocation list" in line and "stays in use" in line for line in caplog.messages)
        two.unlink()
        await again()
        assert held(revocations) == {"one.crl": 1}
        assert changes == [2, 1]
        keeper.cancel()

    ended(test())


def test_files_are_read_as_soon_as_that_is_asked_for_and_what_is_new_is_told(tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    path = revoke(ca, 1, out=tmp_path / "a.crl")

    async def test() -> None:
        revocations, found, changed = Revocations([far(Revocation.SOFT, path)]), list[int](), asyncio.Event()

        def note() -> None:
            found.append(held(revocations)["a.crl"])

        keeper = asyncio.create_task(revocations.keep_fresh(lambda: 3600.0, changed.set, note))
        revocations.read_soon()
        revoke(ca, 1, 2, out=path)
        revocations.read_soon()
        await changed.wait()
        assert found == [2]
        keeper.cancel()

    ended(test())


def test_other_zones_count_once_they_are_put_in_force(tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    path = revoke(ca, 1, out=tmp_path / "a.crl")

    async def test() -> None:
        revocations = Revocations([far(Revocation.OFF, path)])
        use = await revocations.prepare([far(Revocation.SOFT, path)])
        assert held(revocations) == {}
        use()
        assert held(revocations) == {"a.crl": 1}

    ended(test())


def test_files_and_folders_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(revocation, "MOST_FILES", 2)
    folder = tmp_path / "lists"
    folder.mkdir()
    for number in range(4):
        revoke(make_ca(tmp_path), number + 1, out=folder / f"{number}.crl")
    (folder / ".hidden").write_text("no list")
    assert held(Revocations([far(Revocation.SOFT, folder)])) == {"0.crl": 1, "1.crl": 1}
    monkeypatch.setattr(revocation, "LARGEST", 10)
    assert held(Revocations([far(Revocation.SOFT, folder)])) == {}
    assert any("larger than 10 bytes" in line for line in caplog.messages)
