"""What an edge publishes: web servers behind it on loopback, own CA, a DNS of the inside, a HAProxy that is real."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.rdataclass
import dns.rdataset

from sipedge.config import load_config
from sipedge.servers.state import PoolState, ServerState, ServiceState
from sipedge.servers.web.publication import Publication
from sipedge.settings import Settings

from .certificates import Ca, Leaf, issue, make_ca
from .dns_server import DnsServer
from .processes import fresh_address
from .third_party import require
from .web_client import Answer, Connection
from .web_server import WebServer

LIMIT = 20.0
JOIN, MEET, DISCOVER, FRONT = "join.example.com", "meet.example.com", "lyncdiscover.example.com", "feweb.example.com"
SOA = "@ SOA ns.example.com. admin.example.com. 1 60 60 60 60\n@ NS ns.example.com.\n"
EDGE = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
[tls]
server = [{{certificate = "{edge}.pem", key = "{edge}.key"}}]
trusted = "{ca}"
[dns]
servers = ["{dns}"]
timeout = 0.5
attempts = 2
[web]
address = "{address}"
port = {port}
plain_port = {plain}
"""
MEETING = f'[[web.meeting_server]]\nguest_uri = "{JOIN}"\n'


def rule(name: str, names: Sequence[str], servers: Sequence[str], *more: str) -> str:
    """A table [[web.publish]]; ``more``: further lines."""
    quoted = [", ".join(f'"{text}"' for text in texts) for texts in (names, servers)]
    keys = [f'name = "{name}"', f"public_names = [{quoted[0]}]", f"servers = [{quoted[1]}]", *more]
    return "[[web.publish]]\n" + "\n".join(keys) + "\n"


@dataclass
class World:
    """``use`` gives the edge another configuration; ``serve`` adds a server behind it."""

    folder: Path
    ca: Ca
    dns: DnsServer
    stack: AsyncExitStack
    publication: Publication = field(default_factory=Publication)
    address: str = field(default_factory=fresh_address)
    port: int = 8443
    plain: int = 8080
    servers: dict[str, WebServer] = field(default_factory=dict)
    settings: Settings = field(init=False)
    """Those that were given last."""

    def text(self, tables: str) -> str:
        edge = self.folder / "edge-certificate"
        head = EDGE.format(
            edge=edge,
            ca=self.ca.certificate,
            dns=self.dns.address,
            address=self.address,
            port=self.port,
            plain=self.plain,
        )
        return head + tables

    def use(self, tables: str) -> None:
        path = self.folder / "edge.toml"
        path.write_text(self.text(tables))
        self.follow(path)

    def follow(self, path: Path) -> None:
        self.settings = load_config(path, create_secret=False)
        self.publication.follow(self.settings)

    def certify(self, *names: str) -> None:
        """The edge's certificate is another one."""
        issue(self.ca, names=["edge.example.com", *names], out=self.folder / "edge-certificate")

    def issue(self, *names: str) -> Leaf:
        return issue(self.ca, names=names)

    async def serve(
        self,
        name: str,
        port: int,
        *,
        names: Sequence[str] = (),
        address: str = "",
        ca: Ca | None = None,
        days: float = 30,
    ) -> str:
        """A server behind with a certificate for ``names``, or without TLS where there are none; its address."""
        leaf = issue(ca or self.ca, names=names, days=days) if names else None
        self.servers[name] = server = WebServer(name, address or fresh_address(), port, leaf)
        await self.stack.enter_async_context(server)
        return server.address

    async def bridges(self, count: int) -> None:
        """Web bridges behind service records of JOIN, each with a name of its own in its certificate."""
        targets = []
        for number in range(1, count + 1):
            name = f"cms{number}.example.com"
            self.record(name, "A", await self.serve(f"cms{number}", 9443, names=[name]))
            targets.append(f"0 0 9443 {name}.")
        self.record(f"_cms-web._tls.{JOIN}", "SRV", *targets)

    def record(self, name: str, kind: str, *values: str, ttl: int = 1) -> None:
        """What the DNS says from now on; no values: nothing."""
        owner = f"{name}."
        self.dns.zone.delete_rdataset(owner, kind)
        if values:
            self.dns.zone.replace_rdataset(owner, dns.rdataset.from_text("IN", kind, ttl, *values))

    def state(self) -> ServiceState:
        [state] = self.publication.services()
        return state

    def pool(self, name: str) -> PoolState:
        return next(pool for pool in self.state().pools if pool.name == name)

    def server(self, pool: str, name: str) -> ServerState:
        return next(server for server in self.pool(pool).servers if server.name == name)

    def statuses(self, pool: str) -> dict[str, str]:
        return {server.name: server.status for server in self.pool(pool).servers}

    async def is_active(self) -> None:
        """All changes are in force, and every pool has a server."""
        await until(lambda: self._is_in_force() and self.state().active)

    def _is_in_force(self) -> bool:
        return bool(states := self.publication.services()) and bool(states[0].pools) and not states[0].pending

    async def settles(self, pool: str, statuses: dict[str, str]) -> None:
        """Wait until the servers are so."""
        await until(lambda: self._is_in_force() and self.statuses(pool) == statuses)

    def connection(self, sni: str) -> Connection:
        return Connection(self.address, self.port, self.ca.certificate, sni)

    async def get(self, host: str, target: str = "/", **headers: str) -> Answer:
        async with self.connection(host) as connection:
            return await connection.get(host, target, **headers)

    async def plainly(self, host: str, target: str = "/") -> Answer:
        async with Connection(self.address, self.plain, None) as connection:
            return await connection.get(host, target)

    async def answered_by(self, host: str, times: int) -> list[str]:
        return [(await self.get(host)).said["server"] for _ in range(times)]


@asynccontextmanager
async def world(*names: str) -> AsyncIterator[World]:
    """``names``: in the edge's certificate. Nothing is published before ``use``."""
    require("haproxy")
    folder = Path(tempfile.mkdtemp(prefix="sipedge-web-"))
    folder.chmod(0o755)  # the engine is another user than root, under which tests may run
    try:
        async with AsyncExitStack() as stack:
            dns_server = await stack.enter_async_context(DnsServer(SOA))
            here = World(folder, make_ca(folder / "ca"), dns_server, stack)
            here.certify(*names)
            stack.push_async_callback(here.publication.aclose)
            yield here
    finally:
        shutil.rmtree(folder)


async def until(true: Callable[[], bool]) -> None:
    """Wait for what no event tells."""
    async with asyncio.timeout(LIMIT):
        while not true():
            await asyncio.sleep(0.02)
