"""A healthy partner on loopback to be broken in one place: DNS, two servers with TLS and SIP, an authority, OCSP.

``example.com`` is examined; the doctor presents the certificate of ``sip.ours.example`` for the domain ours.example.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support.dns_server import DnsServer
from support.doctor_certificates import Issued, ca_file, files, make

from sipedge.doctor import Options, Report, examine
from sipedge.doctor.facts.options import Bounds
from sipedge.lab import layout
from sipedge.lab.parties import link, sip
from sipedge.lab.parties.link import Link
from sipedge.settings import Certificate, DnsSettings
from zones.addresses import ANYWHERE

DOMAIN, TARGET = "example.com", "sip.example.com"
OURS, OUR_NAME = "ours.example", "sip.ours.example"
SRV = f"_sipfederationtls._tcp.{DOMAIN}"
ROUTING_NAME = f"imp1-public.{DOMAIN}"
TTL = 300


@dataclass
class Server:
    """One address of the partner, and how it behaves."""

    address: str
    certificate: Issued
    chain: tuple[Any, ...] | None = None
    """Sent after the certificate; None: all above it but the root."""
    sni: Issued | None = None
    """Shown instead when SNI asks for TARGET."""
    mutual: bool = True
    trusts: str = ""
    """CA file; '' for the world's."""
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    suites: str = "ECDHE+AESGCM:@SECLEVEL=0"
    running: bool = True
    speaks: str = "tls"
    """"tls", "silence" or "plain"."""
    answers: dict[str, int | None] = field(default_factory=lambda: {"NEGOTIATE": 405, "OPTIONS": 200})
    """Method -> status; None: silence; 0: the connection is closed."""
    understands_benotify: bool = True


class World:
    """Change what is public, then ``start``."""

    def __init__(self, folder: Path, block: layout.Block, authority: Issued, leaf: Issued, ours: Issued) -> None:
        self.folder = folder
        self.authority = authority
        self.ours = ours
        self.port = 5061
        self.servers = [Server(block.outside, leaf), Server(block.sfb, leaf)]
        self.records: dict[str, list[str]] = {
            f"{SRV} SRV": [f"0 0 5061 {TARGET}."],
            f"{TARGET} A": [server.address for server in self.servers],
            f"_sipfederationtls._tcp.{OURS} SRV": [f"0 0 5061 {OUR_NAME}."],
            f"{ROUTING_NAME} A": [block.imp],
        }
        self.inside: dict[str, list[str]] | None = None
        self.ttl = TTL
        self.block = block
        self.client: Issued | None = ours
        self.client_chain: tuple[Any, ...] | None = None
        self.options: dict[str, Any] = {}
        self.trusted = ca_file(folder, authority)
        self.prepare_dns: Callable[[DnsServer], None] = lambda server: None

    def leaf(self, common_name: str = TARGET, **fields: Any) -> Issued:
        return make(self.authority, common_name, **{"names": [TARGET], **fields})

    def show(self, leaf: Issued, **fields: Any) -> None:
        """All servers show this certificate."""
        self.servers = [replace(server, certificate=leaf, **fields) for server in self.servers]

    def each(self, **fields: Any) -> None:
        self.servers = [replace(server, **fields) for server in self.servers]

    def zone(self, records: dict[str, list[str]]) -> str:
        lines = []
        for owner, values in records.items():
            name, kind = owner.split()
            lines += [f"{name}. {self.ttl} IN {kind} {value}" for value in values]
        return "\n".join([f"@ {TTL} IN SOA ns. admin. 1 3600 600 86400 60", f"@ {TTL} IN NS ns.", *lines, ""])

    async def examine(self) -> Report:
        """Start everything, look at it, end everything."""
        async with AsyncExitStack() as stack:
            return await examine(await self.start(stack))

    async def start(self, stack: AsyncExitStack) -> Options:
        """What to examine; everything runs until the stack ends."""
        dns = await stack.enter_async_context(DnsServer(self.zone(self.records), "."))
        self.prepare_dns(dns)
        inside = None
        if self.inside is not None:
            inside_dns = await stack.enter_async_context(DnsServer(self.zone(self.inside), f"{DOMAIN}."))
            inside = DnsSettings((inside_dns.address,))
        for server in self.servers:
            if server.running:
                await self._serve(server, stack)
        client = None
        if self.client is not None:
            client = Certificate(*files(self.folder, self.client, self.client_chain))
        fields = {
            "domains": (DOMAIN,),
            "dns": DnsSettings((dns.address,)),
            "inside_dns": inside,
            "trusted": self.trusted,
            "client": client,
            "own_domains": (OURS,),
            "allowed": ANYWHERE,
            "bounds": Bounds(check=2.0),
        }
        return Options(**{**fields, **self.options})

    async def _serve(self, server: Server, stack: AsyncExitStack) -> None:
        listening = await self._listen(server)
        stack.push_async_callback(listening.wait_closed)
        stack.callback(listening.close)

    async def _listen(self, server: Server) -> asyncio.Server:
        """There is one IPv6 address on loopback only: another test may have it for the moment."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return await self._open(server)
                except OSError:
                    if server.address != "::1":
                        raise
                    await asyncio.sleep(0.02)

    async def _open(self, server: Server) -> asyncio.Server:
        if server.speaks != "tls":
            return await asyncio.start_server(_rude(server.speaks), server.address, self.port)
        receive = _behaviour(server)
        return await link.listen(server.address, self.port, context=self._context(server), receive=receive, silent=True)

    def _context(self, server: Server) -> ssl.SSLContext:
        context = self._one_context(server, server.certificate)
        if server.sni is not None:
            other = self._one_context(server, server.sni)

            def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
                if name == TARGET:
                    connection.context = other

            context.sni_callback = choose  # type: ignore[assignment]
        return context

    def _one_context(self, server: Server, leaf: Issued) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(server.suites)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are a fault to be found
            context.minimum_version, context.maximum_version = server.oldest, server.newest
        chain = leaf.chain[:-1] if server.chain is None else server.chain
        context.load_cert_chain(*files(self.folder, leaf, chain))
        if server.mutual:
            context.load_verify_locations(server.trusts or self.trusted)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _behaviour(server: Server) -> Callable[[Link, sip.Message], Any]:
    async def receive(connection: Link, message: sip.Message) -> None:
        status = server.answers.get(message.method, 405)
        if "ms-benotify" in message.get("Proxy-Require") and not server.understands_benotify:
            status = 420
        if status == 0:
            connection.close()
        elif status is not None:
            response = sip.response(message, status, "Whatever", tag="t")
            response.headers.append(("Server", "RTC/6.0"))
            connection.send(response)

    return receive


def _rude(manner: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if manner == "plain":
                writer.write(b"220 mail.example.com ESMTP\r\n")
            while await reader.read(1024):
                pass
        except OSError:
            pass
        finally:
            writer.close()

    return serve
