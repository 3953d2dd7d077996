"""A small authoritative DNS server for the lab, UDP and TCP, on dnspython.

Records are a dict: ``{"sip.example.com": {"A": ["127.0.0.1"]}, "_x._tcp.example.com": {"SRV": ["10 0 5061 sip..."]}}``.
Names outside of them are NXDOMAIN. The two views of a split DNS are two servers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from . import control

Records = dict[str, dict[str, list[str]]]
_TTL = 0  # the fault scenarios change records while everything runs


class ServedZone:
    """The records of one view; names compare without case."""

    def __init__(self, records: Records) -> None:
        self._records: dict[dns.name.Name, dict[str, list[str]]] = {}
        for name, kinds in records.items():
            for kind, values in kinds.items():
                self.set(name, kind, values)

    def set(self, name: str, kind: str, values: list[str]) -> None:
        """Replace what ``name`` has of a kind; an empty list takes it away."""
        key = dns.name.from_text(name)
        kinds = self._records.setdefault(key, {})
        if values:
            dns.rrset.from_text_list(key, _TTL, dns.rdataclass.IN, kind, values)  # raises on nonsense
            kinds[kind] = values
        else:
            kinds.pop(kind, None)
            if not kinds:
                del self._records[key]

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """RFC 1034 4.3.2 for one view without delegation; address records of SRV targets ride as additional data."""
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if len(query.question) != 1:
            response.set_rcode(dns.rcode.FORMERR)
            return response
        question = query.question[0]
        kinds = self._records.get(question.name)
        if kinds is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            return response
        rrset = self._rrset(question.name, dns.rdatatype.to_text(question.rdtype))
        if rrset is not None:
            response.answer.append(rrset)
            response.additional += self._targets(rrset)
        return response

    def _targets(self, rrset: dns.rrset.RRset) -> list[dns.rrset.RRset]:
        if rrset.rdtype != dns.rdatatype.SRV:
            return []
        addresses = [self._rrset(item.target, "A") for item in rrset]
        return [item for item in addresses if item is not None]

    def _rrset(self, name: dns.name.Name, kind: str) -> dns.rrset.RRset | None:
        values = self._records.get(name, {}).get(kind)
        return dns.rrset.from_text_list(name, _TTL, dns.rdataclass.IN, kind, values) if values else None


def answer_wire(zone: ServedZone, wire: bytes) -> bytes | None:
    """The answer to one query as it came; None where nothing can be answered."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    return zone.answer(query).to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, zone: ServedZone) -> None:
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = answer_wire(self._zone, data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


async def start(zone: ServedZone, address: str, port: int) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
    """Listen on UDP and TCP."""
    loop = asyncio.get_running_loop()
    udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(zone), local_addr=(address, port))

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                answer = answer_wire(zone, await reader.readexactly(length))
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    return udp, await asyncio.start_server(converse, address, port)


async def main(options: dict[str, Any]) -> None:
    """``options``: ``views``, a list of ``{"name", "address", "port", "records"}``.

    The command ``{"do": "set", "view", "name", "kind", "values"}`` changes a record.
    """
    zones: dict[str, ServedZone] = {}
    servers = []
    for view in options["views"]:
        zones[view["name"]] = zone = ServedZone(view["records"])
        servers.append(await start(zone, view["address"], view["port"]))
    control.report("ready")

    async def handle(command: control.Command) -> dict[str, Any]:
        zones[command["view"]].set(command["name"], command["kind"], command["values"])
        return {"ok": True}

    await control.serve(handle)
    for udp, tcp in servers:
        udp.close()
        tcp.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
