"""TURN over TCP on the port of HTTPS: each connection goes where its first byte says."""

from __future__ import annotations

import asyncio

import pytest
from support.third_party import require
from support.turn_client import TurnClient
from support.turn_world import echo
from support.web_client import Connection
from support.web_world import JOIN, MEETING, World, until, world

from sipedge.servers.turn.relay import Relay

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

TURN = """\
[turn]
address = "{here.address}"
realm = "example.com"
ports = [24200, 24231]
allow_peers = ["{here.address}/32"]
beside_https = true
[[turn.user]]
username = "cms"
password_file = "password"
"""


async def _started(here: World, relay: Relay) -> None:
    (here.folder / "password").write_text("secret\n")
    await here.bridges(1)
    here.use(MEETING + TURN.format(here=here))
    relay.follow(here.settings)
    await here.is_active()
    await until(lambda: relay.services() != () and relay.services()[0].active)


def test_both_are_served_with_what_they_need() -> None:
    require("turnserver")

    async def run() -> None:
        async with world(JOIN) as here:
            relay = Relay()
            try:
                await _started(here, relay)
                said = (await here.get(JOIN)).said
                assert said["headers"]["x-forwarded-for"] == "127.0.0.1"
                async with here.connection(JOIN) as socket:
                    assert (await socket.upgrade(JOIN)).status == 101
                    assert await socket.echoes("hello")
                async with echo(here.address) as peer:
                    async with TurnClient(here.address, here.port, "cms", "secret", "tcp") as client:
                        assert isinstance(await client.allocate(), tuple)
                        assert await client.permit(here.address, peer) == 0
                        client.send(here.address, peer, b"media")
                        assert await client.data() == b"media"
                async with Connection(here.address, here.port, None) as plain:
                    plain.writer.write(b"GET / HTTP/1.1\r\nHost: join.example.com\r\n\r\n")
                    assert await asyncio.wait_for(plain.reader.read(), 10) == b""
            finally:
                await relay.aclose()

    asyncio.run(run())
