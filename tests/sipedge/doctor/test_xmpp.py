"""XMPP domains examined, with a stock Prosody as the server that is looked at, and what strangers may do instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.certificates import issue, make_ca
from support.dns_server import DnsServer
from support.processes import fresh_address
from support.prosody import Server
from support.xmpp_world import SOA

from sipedge.doctor import CheckVerdict, Options, Report, examine
from sipedge.doctor.facts.options import Bounds
from sipedge.doctor.facts.xmpp import XmppDomain
from sipedge.settings import Certificate, DnsSettings
from zones.addresses import ANYWHERE

pytestmark = pytest.mark.e2e
DOMAIN, SENDER = "partner.example.com", "ours.example.com"
RECORDS = f"_xmpp-server._tcp.{DOMAIN}. SRV 0 0 5269 xmpp.{DOMAIN}.\nxmpp.{DOMAIN}. A {{}}\n"


class Scene:
    """A partner at ``address``, what the DNS says of it, and who looks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address, self.records = folder, fresh_address(), RECORDS
        self.ca = make_ca(folder / "ca")
        self.names = [DOMAIN]
        self.issuer = self.ca
        self.domain = XmppDomain(DOMAIN)
        self.chain_counts = True

    async def examine(self, **options: str) -> Report:
        """With a Prosody; ``options``: Lua expressions."""
        async with AsyncExitStack() as stack:
            leaf = issue(self.issuer, names=self.names)
            server = Server(
                self.folder / "partner",
                self.address,
                [DOMAIN],
                "127.0.0.1:53",
                leaf,
                self.ca.certificate,
                options=options,
            )
            await asyncio.to_thread(stack.enter_context, server.program())
            return await self.look()

    async def look(self) -> Report:
        ours = issue(self.ca, names=[SENDER])
        async with DnsServer(SOA + self.records.format(self.address)) as dns:
            asked = Options(
                dns=DnsSettings((dns.address,)),
                trusted=str(self.ca.certificate),
                client=Certificate(str(ours.certificate), str(ours.key)),
                xmpp=(self.domain,),
                xmpp_sender=SENDER,
                xmpp_chain_counts=self.chain_counts,
                allowed=ANYWHERE,
                bounds=Bounds(check=10.0),
            )
            return await examine(asked)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    tmp_path.chmod(0o755)
    yield Scene(tmp_path)


def _wrong(report: Report) -> dict[str, str]:
    """Id -> what was seen, of all that is not as it should be."""
    bad = (CheckVerdict.FAILED, CheckVerdict.WARNING)
    found = [result for result in report.results if result.id.startswith("xmpp.") and result.verdict in bad]
    return {result.id: result.seen for result in found}


def test_a_server_as_it_should_be_passes_every_check(scene: Scene) -> None:
    report = asyncio.run(scene.examine(s2s_require_encryption="true"))
    results = {result.id: result for result in report.results if result.id.startswith("xmpp.")}
    assert {id: result.verdict for id, result in results.items()} == dict.fromkeys(results, CheckVerdict.OK)
    assert len(results) == 11 and results["xmpp.starttls"].seen == "required"
    assert results["xmpp.name"].subject == f"{scene.address}:5269" and results["xmpp.name"].check.group == "xmpp"


def test_without_tls_or_dialback_a_server_cannot_federate(scene: Scene) -> None:
    plain = {"s2s_allow_encryption": "false", "s2s_require_encryption": "false"}
    assert _wrong(asyncio.run(scene.examine(**plain))) == {"xmpp.starttls": "not offered"}
    scene.address = fresh_address()
    only_external = {"modules_disabled": '{ "dialback" }'}
    assert _wrong(asyncio.run(scene.examine(**only_external))) == {"xmpp.dialback": "not offered"}


@pytest.mark.parametrize("chain_counts", [True, False])
def test_a_certificate_of_another_ca_and_domain_is_told(scene: Scene, chain_counts: bool) -> None:
    scene.issuer, scene.names, scene.chain_counts = make_ca(scene.folder / "other"), [f"www.{DOMAIN}"], chain_counts
    report = asyncio.run(scene.examine())
    assert set(_wrong(report)) == {"xmpp.name", "xmpp.trusted"}
    verdicts = {result.id: result.verdict for result in report.results}
    assert verdicts["xmpp.trusted"] is (CheckVerdict.FAILED if chain_counts else CheckVerdict.WARNING)
    assert verdicts["xmpp.name"] is CheckVerdict.FAILED and verdicts["xmpp.dialback"] is CheckVerdict.OK


def test_a_domain_without_records_is_found_by_its_static_route(scene: Scene) -> None:
    scene.records = ""
    assert _wrong(asyncio.run(scene.look())) == {"xmpp.srv": "no such name"}
    scene.domain = XmppDomain(DOMAIN, ((scene.address, 5269),))
    assert not _wrong(asyncio.run(scene.examine()))


def test_another_port_and_a_dead_server_are_told(scene: Scene) -> None:
    scene.records = RECORDS.replace("5269", "5270") + f"_xmpp-server._tcp.{DOMAIN}. SRV 1 0 5269 gone.{DOMAIN}.\n"
    wrong = _wrong(asyncio.run(scene.look()))
    assert wrong == {
        "xmpp.port": "5269, 5270",
        "xmpp.address": f"no address for gone.{DOMAIN}",
        "xmpp.reachable": "connection refused",
    }


@asynccontextmanager
async def _stranger(address: str, *said: bytes) -> AsyncIterator[None]:
    """Says one thing after another, whatever comes, and then closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for text in said:
            await reader.read(4096)
            writer.write(text)
        writer.close()

    async with await asyncio.start_server(serve, address, 5269):
        yield


FEATURES = b"<stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"


@pytest.mark.parametrize(
    ("said", "id", "seen"),
    [
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "xmpp.stream", "the server closed the connection"),
        (
            (b"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",),
            "xmpp.stream",
            "the server ends the stream: host-unknown",
        ),
        ((b"<" * 100_000,), "xmpp.stream", "the server says too much before it offers anything"),
        ((FEATURES, b"<failure/></stream:stream>"), "xmpp.handshake", "the server ends the stream: no reason given"),
        ((FEATURES, b"<proceed/>", b"no TLS at all, but words"), "xmpp.handshake", "wrong version number"),
    ],
)
def test_a_stranger_on_the_port_is_told_apart(scene: Scene, said: Any, id: str, seen: str) -> None:
    async def run() -> Report:
        async with _stranger(scene.address, *said):
            return await scene.look()

    assert _wrong(asyncio.run(run()))[id] == seen
