"""A name server that knows every name, until a fault makes it say nothing."""

from __future__ import annotations

import asyncio
from typing import cast

import dns.exception
import dns.message
import dns.rdatatype
import dns.rrset

TTL = 1
"""Seconds: requests for names of their own ask again and again."""


class Names(asyncio.DatagramProtocol):
    """Each name has one address record, ``address``."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.dead = False
        self._transport: asyncio.DatagramTransport

    async def listen(self, own: str, port: int) -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(own, port))

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop has classes of its own

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if self.dead:
            return
        try:
            reply = dns.message.make_response(dns.message.from_wire(data))
        except dns.exception.DNSException:
            return
        question = reply.question[0]
        if question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(question.name, TTL, "IN", "A", self._address))
        self._transport.sendto(reply.to_wire(), addr)
