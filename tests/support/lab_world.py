"""A strict Edge under test with a DNS of its own, and partners that knock at it; all in one event loop on 127.0.0.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sipedge.lab.ca import Authority, Pem
from sipedge.lab.parties import link, sip
from sipedge.lab.parties.dns_server import Records, ServedZone
from sipedge.lab.parties.dns_server import start as start_dns
from sipedge.lab.parties.link import Link
from sipedge.lab.parties.sfb_edge import Edge

HOST = "127.0.0.1"
PARTNER, OWN = "c.example", "m.example"


def records(port: int, target: str = f"sip.{PARTNER}") -> Records:
    return {
        f"_sipfederationtls._tcp.{PARTNER}": {"SRV": [f"10 10 {port or 5061} {target}."]},
        target: {"A": [HOST]},
    }


@dataclass
class Partner:
    """One connection to the Edge."""

    link: Link
    inbox: asyncio.Queue[sip.Message | None] = field(default_factory=asyncio.Queue)
    """None: the connection ended."""

    async def ask(self, text: str) -> sip.Message:
        """Send a message (text without body), wait for the next one that comes; ConnectionError when none can."""
        self.link.send(sip.parse(text.strip().replace("\n", "\r\n")))
        answer = await asyncio.wait_for(self.inbox.get(), 5)
        if answer is None:
            raise ConnectionError("the Edge ended the connection")
        return answer

    async def read(self) -> None:
        await self.link.run(self.receive)
        self.inbox.put_nowait(None)

    async def receive(self, _: Link, message: sip.Message) -> None:
        self.inbox.put_nowait(message)


class World:
    """``edge`` listens on ``port``; ``zone`` is its DNS; ``authority`` is whom it trusts."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.authority = Authority(folder)
        self.folder = folder
        self._stack = stack
        self.zone = ServedZone(records(0))
        self.edge: Edge
        self.port = 0

    async def start(self, **options: Any) -> None:
        udp, tcp = await start_dns(self.zone, HOST, 0)
        self._stack.callback(udp.close)
        self._stack.callback(tcp.close)
        pem = self.authority.issue("edge", common_name=f"sip.{OWN}", names=(f"sip.{OWN}",))
        base = {"address": HOST, "port": 0, "domain": OWN, "name": f"sip.{OWN}", "users": ["juliet"]}
        files = {"certificate": str(pem.certificate), "key": str(pem.key), "trusted": str(self.authority.file)}
        dns = {"dns": [HOST, udp.get_extra_info("sockname")[1]]}
        self.edge = Edge({**base, **files, **dns, **options})
        server = await self.edge.start()
        self._stack.callback(server.close)
        self.port = server.sockets[0].getsockname()[1]

    def certificate(self, *names: str, common_name: str = "partner", **wrong: bool) -> Pem:
        return self.authority.issue("partner", common_name=common_name, names=names, **wrong)

    async def partner(self, pem: Pem) -> Partner:
        """Connect with a certificate; reads until the test ends."""
        context = link.client_context(str(pem.certificate), str(pem.key), str(self.authority.file))
        partner = Partner(await link.connect(HOST, self.port, context=context, server_name=f"sip.{OWN}"))
        self._stack.push_async_callback(finish, asyncio.create_task(partner.read()))
        return partner

    async def listening_partner(self, pem: Pem, answer: int = 200) -> list[tuple[str, str]]:
        """A partner's edge that takes connections: every request's method and peer; each gets ``answer``."""
        seen: list[tuple[str, str]] = []

        async def receive(connection: Link, message: sip.Message) -> None:
            if not message.status:
                seen.append((message.method, connection.peer))
                status = 405 if message.method == "NEGOTIATE" else answer
                connection.send(sip.response(message, status, "Whatever", tag="t"))

        context = link.server_context(str(pem.certificate), str(pem.key), str(self.authority.file))
        server = await link.listen(HOST, 0, context=context, receive=receive)
        self._stack.callback(server.close)
        for name, kinds in records(server.sockets[0].getsockname()[1]).items():
            for kind, values in kinds.items():
                self.zone.set(name, kind, values)
        return seen


@asynccontextmanager
async def world(folder: Path, **options: Any) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        made = World(folder, stack)
        await made.start(**options)
        yield made
        for pool in made.edge._pools.values():
            for connection in pool:
                connection.close()
        await asyncio.gather(*made.edge._reading)


async def finish(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def request(method: str = "MESSAGE", sender: str = f"romeo@{PARTNER}", extra: str = "", to: str = "juliet") -> str:
    """A request from the partner's user to a user here."""
    lines = f"""
{method} sip:{to}@{OWN} SIP/2.0
Via: SIP/2.0/TLS {HOST}:5061;branch=z9hG4bK-1
From: <sip:{sender}>;tag=a
To: <sip:{to}@{OWN}>
Call-ID: call-1
CSeq: 1 {method}
{extra}"""
    return lines.strip()
