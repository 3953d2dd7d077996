"""A DNS server on loopback that answers from a zone file's text, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

Answer = Callable[[dns.message.Message], list[bytes]]
"""A query -> the datagrams sent back for it."""


class DnsServer(asyncio.DatagramProtocol):
    """``async with DnsServer(zone_text) as server``; ``server.address`` is what DnsSettings wants."""

    def __init__(self, text: str, origin: str = "example.com.", place: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        """``place``: where it listens, for who cannot be told a port."""
        self._place = place
        self.zone = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
        self.asked: list[str] = []
        """Each question as "name TYPE"."""
        self._changed = asyncio.Event()
        self.misbehave: Answer | None = None
        self.truncate = False
        self.address = ""

    async def __aenter__(self) -> DnsServer:
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve, *self._place)
        host, port = self._tcp.sockets[0].getsockname()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self._note(query)
        if self.misbehave is not None:
            datagrams = self.misbehave(query)
        else:
            reply = self.answer(query)
            if self.truncate:
                reply = dns.message.make_response(query)
                reply.flags |= dns.flags.TC
            datagrams = [reply.to_wire(max_size=65535)]
        for datagram in datagrams:
            self._udp.sendto(datagram, addr)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The honest answer: records, or NXDOMAIN or no data with the SOA; one CNAME is followed."""
        question = query.question[0]
        reply = dns.message.make_response(query)
        name = question.name
        alias = self.zone.get_rrset(name, dns.rdatatype.CNAME)
        if alias is not None:
            reply.answer.append(alias)
            name = alias[0].target
        found = self.zone.get_rrset(name, question.rdtype)
        if found is not None:
            reply.answer.append(found)
            return reply
        if self.zone.get_node(name) is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        soa = self.zone.get_rrset(self.zone.origin or name, dns.rdatatype.SOA)
        if soa is not None:
            reply.authority.append(soa)
        return reply

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = dns.message.from_wire(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))
        self._note(query)
        wire = self.answer(query).to_wire(max_size=65535)
        writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()
        writer.close()

    async def until(self, count: int) -> None:
        """Wait for that many questions in all."""
        async with asyncio.timeout(15):
            while len(self.asked) < count:
                self._changed.clear()
                await self._changed.wait()

    def _note(self, query: dns.message.Message) -> None:
        question = query.question[0]
        self.asked.append(f"{question.name.to_text(True)} {dns.rdatatype.to_text(question.rdtype)}")
        self._changed.set()


@contextlib.contextmanager
def name_server(text: str) -> Iterator[str]:
    """The address of a server in a thread of its own, for tests without a loop. ``text``: a zone file."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = DnsServer(text, ".")
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        yield server.address
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
