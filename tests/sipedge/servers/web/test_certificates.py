"""What the certificate of a server behind must name, and how one that fails is told; a certificate of the edge renewed.

Rules (a) and (b) are those of Cisco's guide to the web proxy for Meeting Server, "Configuration Summary", step 2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography import x509
from support.certificates import make_ca
from support.web_world import JOIN, MEET, MEETING, World, rule, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

TARGET = "cms1.example.com"
DIFFERENT = "TLS fails: Server presented an SSL certificate different from the expected one"


@dataclass(frozen=True)
class Shown:
    """What a web bridge shows, and what is said of it; '' where it is right."""

    name: str
    reason: str
    days: float = 30
    other_ca: bool = False


BY_SERVICE_RECORD = [
    Shown(TARGET, ""),
    Shown(JOIN, DIFFERENT),
    Shown(TARGET, "TLS fails: certificate has expired", days=-1),
    Shown(TARGET, "TLS fails: unable to get local issuer certificate", other_ca=True),
]
BY_ADDRESS_RECORD = [Shown(JOIN, ""), Shown(TARGET, DIFFERENT), Shown("*.example.com", "")]


async def _is_told(here: World, server: str, shown: Shown) -> None:
    await here.settles(JOIN, {server: "failed" if shown.reason else "active"})
    await until(lambda: here.server(JOIN, server).reason == shown.reason)
    assert here.state().active is not bool(shown.reason)
    asked = here.servers["cms"].asked
    assert (await here.get(JOIN)).status == (503 if shown.reason else 200)
    assert bool(asked) is not bool(shown.reason)


async def _web_bridge(here: World, shown: Shown) -> str:
    ca = make_ca(here.folder / "other") if shown.other_ca else None
    return await here.serve("cms", 9443, names=[shown.name], ca=ca, days=shown.days)


@pytest.mark.parametrize("shown", BY_SERVICE_RECORD, ids=lambda shown: shown.reason or "right")
def test_rule_b_the_certificate_names_the_target_of_the_service_record(shown: Shown) -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            here.record(TARGET, "A", await _web_bridge(here, shown))
            here.record(f"_cms-web._tls.{JOIN}", "SRV", f"0 0 9443 {TARGET}.")
            here.use(MEETING)
            await _is_told(here, f"{TARGET}:9443", shown)

    asyncio.run(run())


@pytest.mark.parametrize("shown", BY_ADDRESS_RECORD, ids=lambda shown: shown.name)
def test_rule_a_the_certificate_names_the_guest_uri(shown: Shown) -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            here.record(JOIN, "A", await _web_bridge(here, shown))
            here.use(MEETING + "port = 9443\n")
            await _is_told(here, JOIN, shown)

    asyncio.run(run())


def test_a_certificate_that_is_mended_brings_the_server_back() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            here.record(JOIN, "A", await here.serve("cms", 9443, names=[TARGET]))
            here.use(MEETING + "port = 9443\n")
            await here.settles(JOIN, {JOIN: "failed"})
            here.servers["cms"].renew(here.issue(JOIN))
            await here.settles(JOIN, {JOIN: "active"})

    asyncio.run(run())


def _nothing(here: World) -> None:
    """No records at all: NXDOMAIN."""


def _silent(here: World) -> None:
    here.dns.misbehave = lambda query: []


@pytest.mark.parametrize(
    ("dns", "reason"),
    [
        (_nothing, f"{JOIN} has no server: {JOIN}: it has no address in the DNS"),
        (_silent, f"{JOIN} has no server: the DNS gives no answer for _cms-web._tls.{JOIN} (timeout)"),
    ],
    ids=["nothing", "silence"],
)
def test_a_guest_uri_that_the_dns_does_not_know_is_told(dns: Callable[[World], None], reason: str) -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            dns(here)
            here.use(MEETING)
            await until(lambda: here.publication.services() != () and here.state().reason == reason)
            assert (await here.get(JOIN)).status == 503

    asyncio.run(run())


def test_the_servers_of_a_pool_are_not_told_the_public_name_in_the_handshake() -> None:
    async def run() -> None:
        async with world(MEET, JOIN) as here:
            director = await here.serve("director", 4443, names=["pool.inside.example.com"])
            await here.bridges(1)
            here.use(MEETING + rule("D", [MEET], [director], 'verify_name = "pool.inside.example.com"'))
            await here.is_active()
            assert (await here.get(MEET)).status == (await here.get(JOIN)).status == 200
            assert set(here.servers["director"].names) == {None}
            assert set(here.servers["cms1"].names) == {"cms1.example.com"}

    asyncio.run(run())


def test_a_renewed_certificate_of_the_edge_reaches_new_connections_and_ends_none() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(1)
            here.use(MEETING)
            await here.is_active()
            async with here.connection(JOIN) as old:
                assert (await old.upgrade(JOIN)).status == 101
                here.certify(JOIN)
                here.use(MEETING)
                await here.is_active()
                async with here.connection(JOIN) as new:
                    serials = [x509.load_der_x509_certificate(each.certificate()).serial_number for each in (old, new)]
                assert serials[0] != serials[1]
                assert await old.echoes("still there")

    asyncio.run(run())
