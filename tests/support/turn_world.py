"""A TURN server of an edge on loopback, real, and a peer that says back what it gets."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sipedge.config import load_config
from sipedge.servers.state import ServiceState
from sipedge.servers.turn.relay import Relay
from sipedge.settings import Settings

from .certificates import Ca, issue, make_ca
from .processes import fresh_address
from .third_party import require
from .turn_client import TurnClient
from .web_world import until

PORT = 3478
EDGE = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
[tls]
server = [{{certificate = "{leaf}.pem", key = "{leaf}.key"}}]
[turn]
address = "{address}"
realm = "example.com"
ports = [24000, 24063]
allow_peers = ["{peer}/32"]
"""
USER = '[[turn.user]]\nusername = "cms"\npassword_file = "password"\n'


@dataclass
class World:
    folder: Path
    ca: Ca
    relay: Relay = field(default_factory=Relay)
    address: str = field(default_factory=fresh_address)
    peer: str = field(default_factory=fresh_address)
    settings: Settings = field(init=False)
    """Those that were given last."""

    def text(self, keys: str = "") -> str:
        """``keys``: further lines of [turn]."""
        return EDGE.format(leaf=self.folder / "leaf", address=self.address, peer=self.peer) + keys + USER

    def certify(self) -> None:
        issue(self.ca, names=["edge.example.com"], out=self.folder / "leaf")

    def use(self, keys: str = "", *, turn: bool = True) -> None:
        path = self.folder / "edge.toml"
        text = self.text(keys)
        path.write_text(text if turn else text.partition("[turn]")[0])
        self.settings = load_config(path, create_secret=False)
        self.relay.follow(self.settings)

    def state(self) -> ServiceState:
        [state] = self.relay.services()
        return state

    async def is_active(self) -> None:
        await until(lambda: bool(states := self.relay.services()) and states[0].active and not states[0].pending)

    def client(self, transport: str = "udp", password: str = "secret", port: int = PORT) -> TurnClient:
        return TurnClient(self.address, port, "cms", password, transport)


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data, addr)


@asynccontextmanager
async def echo(address: str) -> AsyncIterator[int]:
    """A peer; its port."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Echo, local_addr=(address, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    require("turnserver")
    folder = Path(tempfile.mkdtemp(prefix="sipedge-turn-"))
    folder.chmod(0o755)  # the engine is another user than root, under which tests may run
    (folder / "password").write_text("secret\n")
    here = World(folder, make_ca(folder / "ca"))
    here.certify()
    try:
        yield here
    finally:
        await here.relay.aclose()
        shutil.rmtree(folder)
