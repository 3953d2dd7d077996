"""What is not published is not passed: no other name, no name at all, nothing that could be read in two ways."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack

import pytest
from support.web_client import Connection
from support.web_world import JOIN, MEET, MEETING, World, rule, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


async def _published(here: World) -> None:
    """JOIN and MEET, each with its server."""
    await here.bridges(1)
    director = await here.serve("director", 4443, names=["pool.inside.example.com"])
    await here.serve("plain", 8080, address=director)
    here.use(MEETING + rule("D", [MEET], [director], 'verify_name = "pool.inside.example.com"'))
    await here.is_active()


ODD = {
    "another Host than the handshake asked for": (421, "GET / HTTP/1.1\r\nHost: meet.example.com\r\n\r\n"),
    "a Host that is not published": (421, "GET / HTTP/1.1\r\nHost: other.example.com\r\n\r\n"),
    "an address as Host": (421, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    "another port in Host": (421, "GET / HTTP/1.1\r\nHost: join.example.com:9\r\n\r\n"),
    "no Host": (400, "GET / HTTP/1.1\r\n\r\n"),
    "no Host in HTTP/1.0": (400, "GET / HTTP/1.0\r\n\r\n"),
    "two Hosts": (400, "GET / HTTP/1.1\r\nHost: join.example.com\r\nHost: meet.example.com\r\n\r\n"),
    "two names in one Host": (400, "GET / HTTP/1.1\r\nHost: join.example.com, meet.example.com\r\n\r\n"),
    "an absolute URI": (400, "GET https://join.example.com/ HTTP/1.1\r\nHost: join.example.com\r\n\r\n"),
    "an absolute URI elsewhere": (400, "GET http://10.0.0.1/ HTTP/1.1\r\nHost: join.example.com\r\n\r\n"),
    "a tunnel": (400, "CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: join.example.com\r\n\r\n"),
    "an asterisk": (400, "OPTIONS * HTTP/1.1\r\nHost: join.example.com\r\n\r\n"),
    "two different lengths": (
        400,
        "POST / HTTP/1.1\r\nHost: join.example.com\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    ),
    "a broken chunk size": (
        400,
        "POST / HTTP/1.1\r\nHost: join.example.com\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ),
    "another coding": (
        400,
        "POST / HTTP/1.1\r\nHost: join.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    "a blank before the colon": (400, "GET / HTTP/1.1\r\nHost: join.example.com\r\nX-A : 1\r\n\r\n"),
    "a folded header line": (200, "GET / HTTP/1.1\r\nHost: join.example.com\r\nX-A: 1\r\n 2\r\n\r\n"),
    "no request at all": (400, "SSH-2.0-OpenSSH\r\n\r\n"),
    "a header without end": (400, "GET / HTTP/1.1\r\nHost: join.example.com\r\nX: " + "a" * 20000 + "\r\n\r\n"),
}


def test_odd_requests_are_refused_and_reach_no_server() -> None:
    async def run() -> dict[str, int]:
        async with world(JOIN, MEET) as here:
            await _published(here)
            found = {}
            for case, (_, request) in ODD.items():
                async with here.connection(JOIN) as connection:
                    found[case] = (await connection.send(request.encode())).status
            asked = [request for server in here.servers.values() for request in server.asked]
            assert len(asked) == sum(status == 200 for status in found.values())
            return found

    assert asyncio.run(run()) == {case: status for case, (status, _) in ODD.items()}


def test_what_could_be_understood_in_two_ways_is_passed_in_one() -> None:
    """RFC 9112 section 6.3: Transfer-Encoding overrides Content-Length, which is removed."""
    twice = f"GET / HTTP/1.1\r\nHost: {JOIN}\r\nHost: {JOIN}\r\n\r\n"
    both = f"POST / HTTP/1.1\r\nHost: {JOIN}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

    async def run() -> None:
        async with world(JOIN, MEET) as here:
            await _published(here)
            for request in (twice, both):
                async with here.connection(JOIN) as connection:
                    assert (await connection.send(request.encode())).status == 200
            hosts, lengths = here.servers["cms1"].asked
            assert hosts.lines.count(f"host: {JOIN}") == 1
            assert lengths.headers["transfer-encoding"] == "chunked"
            assert "content-length" not in lengths.headers

    asyncio.run(run())


def test_the_own_port_may_stand_in_host() -> None:
    async def run() -> None:
        async with world(JOIN, MEET) as here:
            await _published(here)
            async with here.connection(JOIN) as connection:
                assert (await connection.get(f"{JOIN}:{here.port}")).status == 200
                assert (await connection.get(JOIN.upper())).status == 200

    asyncio.run(run())


@pytest.mark.parametrize("name", ["", "other.example.com", "edge.example.com.evil.example.com"])
def test_a_handshake_without_a_name_of_ours_fails(name: str) -> None:
    async def run() -> None:
        async with world(JOIN, MEET) as here:
            await _published(here)
            with pytest.raises((ssl.SSLError, ConnectionError)):
                async with Connection(here.address, here.port, here.ca.certificate, name):
                    pass

    asyncio.run(run())


def test_a_name_of_the_certificate_that_is_not_published_leads_nowhere() -> None:
    async def run() -> None:
        async with world(JOIN, MEET) as here:
            await _published(here)
            assert (await here.get("edge.example.com")).status == 404
            assert not any(server.asked for server in here.servers.values())

    asyncio.run(run())


def test_one_address_has_a_bounded_number_of_connections() -> None:
    async def run() -> None:
        async with world(JOIN) as here, AsyncExitStack() as stack:
            await here.bridges(1)
            here.use("connections_per_source = 3\n" + MEETING)
            await here.is_active()
            for _ in range(3):
                connection = await stack.enter_async_context(here.connection(JOIN))
                assert (await connection.get(JOIN)).status == 200
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await stack.enter_async_context(here.connection(JOIN))
            assert (await connection.get(JOIN)).status == 200

    asyncio.run(run())


def test_what_a_client_writes_into_x_forwarded_for_is_not_believed() -> None:
    async def run() -> None:
        async with world(JOIN, MEET) as here:
            await _published(here)
            said = (await here.get(JOIN, X_Forwarded_For="10.0.0.1")).said
            assert said["headers"]["x-forwarded-for"].startswith("127.0.0.")

    asyncio.run(run())
